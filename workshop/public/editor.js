// The editor of an exercise: the files of the learner's copy. It never overwrites what the learner hasn't seen, and keeps
// unsaved edits in this tab until they are saved or dropped.

import {
  createState,
  editorExtensions,
  goToLine,
  markError,
  openEditor,
  replaceText,
  scrollToCursor,
  withoutComparison,
} from './editor-code.js'
import { waysToOpen } from './own-editor.js'

const SILENCE = "The workshop doesn't respond. Your edits stay in this tab."

const place = document.querySelector('#editor')
const { exercise, version } = place.dataset
/** The start of the addresses where other pages show the copy's files. */
const pages = `/code/copy-${exercise}/`
const drafts = `draft of ${exercise}: `

/** The files on disk, the step to do now, the file that it opens, and the error that stops the checks. */
let list = { files: [], step: undefined, opens: undefined, error: undefined }
/** The files that were opened, by their paths. */
const docs = new Map()
let current
let view
let closeView = () => {}

/** Whether two texts have room side by side. */
const roomForTwo = matchMedia('(width >= 85rem)')
const isNarrow = matchMedia('(width <= 70rem)').matches

const actions = {
  save: () => current && inTurn(current, save),
  remove,
  keepMine: () => {
    const doc = current
    doc.saved = doc.conflict.disk ?? { text: undefined, hash: undefined }
    endConflict(doc)
    inTurn(doc, save)
  },
  takeDisk: () => {
    const doc = current
    const { disk } = doc.conflict
    endConflict(doc)
    if (disk === undefined) forget(doc)
    else take(doc, disk)
  },
}

if (isNarrow) part('files').open = false
if (navigator.platform.startsWith('Mac')) place.querySelector('kbd').textContent = 'Cmd-S'

// This is JSON with names of files and errors of the copy, which htmx would read as HTML, even to swap nothing.
place.addEventListener('htmx:beforeSwap', ({ detail }) => {
  detail.shouldSwap = false
})
place.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.successful) takeIn(JSON.parse(detail.xhr.responseText))
})
place.querySelector('.new-file').addEventListener('submit', (event) => {
  event.preventDefault()
  make(event.target.elements.path.value.trim())
})
document.addEventListener('click', (event) => {
  const { does, compares, makes } = event.target.closest('button')?.dataset ?? {}
  if (does !== undefined) actions[does]()
  if (compares !== undefined) toggleComparison(current, compares)
  if (makes !== undefined) make(makes)
  const link = event.target.closest(`a[href^="${pages}"]`)
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return
  const path = decodeURIComponent(link.pathname.slice(pages.length))
  if (!list.files.some((file) => file.path === path)) return
  event.preventDefault()
  show(path, { line: Number(link.hash.slice(2)) || undefined, focuses: true })
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey) return
  event.preventDefault()
  actions.save()
})
roomForTwo.addEventListener('change', () => {
  if (current?.comparison !== undefined) compare(current, current.comparison)
})
window.addEventListener('beforeunload', (event) => {
  if ([...docs.values()].some(isEdited)) event.preventDefault()
})

const { list: firstList, opened } = JSON.parse(place.dataset.start)
takeIn(firstList, opened)

/** Takes in the list of the files on disk, and on the first call the text of one. */
async function takeIn(next, opened) {
  const isFirst = list.files.length === 0
  const isNextStep = next.step !== list.step
  list = next
  for (const doc of docs.values()) {
    mark(doc)
    if (hashOf(doc.path) !== knownHash(doc)) inTurn(doc, look)
  }
  viewFiles()
  if (isFirst) for (const path of draftPaths()) await load(path)
  if (opened !== undefined) await load(opened.path, asDisk(opened))
  if (list.files.length === 0 || !(isFirst || isNextStep)) return
  foldSteps()
  showStep()
}

/** Opens the first file that the step names, unless the learner is busy in another one. */
function showStep() {
  if (current !== undefined && (isEdited(current) || view.hasFocus)) return
  const edited = [...docs.values()].find(isEdited)
  const named = hashOf(list.opens) === undefined ? list.files[0]?.path : list.opens
  const path = edited?.path ?? named
  if (path !== undefined) show(path)
}

async function show(path, { line, focuses = false } = {}) {
  const doc = docs.get(path) ?? (await load(path))
  if (doc === undefined) return
  leave()
  enter(doc)
  viewDoc()
  const link = place.querySelector('nav [aria-current]')
  link?.scrollIntoView({ block: 'nearest', container: 'nearest' })
  if (line !== undefined) view.dispatch(goToLine(view.state, line))
  if (!focuses) return
  if (isNarrow) part('files').open = false
  part('file').scrollIntoView({ block: 'nearest' })
  view.focus()
}

/** Ends the view of the open file. Its cursor stays, and where it was scrolled to, unless the cursor moved in a comparison. */
function leave() {
  if (current !== undefined) {
    const { comparison, cursor, state, extensions } = current
    if (comparison === undefined) {
      current.scroll = view.scrollSnapshot()
      current.cursor = state.selection
    } else if (!state.selection.eq(cursor)) current.scroll = scrollToCursor(state)
    current.state = withoutComparison(state, extensions)
  }
  closeView()
}

function enter(doc) {
  const { comparison } = doc
  current = doc
  const opened = openEditor(
    part('code'),
    doc,
    comparison && {
      text: comparison.text,
      label: `: ${OTHERS[comparison.other]}. You can only read it.`,
      isBeside: roomForTwo.matches,
    },
  )
  view = opened.view
  closeView = opened.close
  doc.state = view.state
  doc.marked = undefined
  mark(doc)
}

/** Reads a file, unless its text is given, and the unsaved edits of it. */
async function load(path, given) {
  let disk
  try {
    disk = given ?? (await read(path))
  } catch ({ message }) {
    say(message)
    return undefined
  }
  const draft = JSON.parse(sessionStorage.getItem(drafts + path))
  if (docs.has(path)) return docs.get(path)
  if (disk === undefined && draft === null) return undefined
  const saved = draft === null || draft.hash === disk?.hash ? disk : { hash: draft.hash }
  const doc = { path, saved, conflict: undefined, comparison: undefined, turn: Promise.resolve() }
  doc.extensions = editorExtensions(path, (state) => update(doc, state))
  doc.state = createState(draft?.text ?? disk.text, doc.extensions)
  doc.cursor = doc.state.selection
  docs.set(path, doc)
  if (saved !== disk) meet(doc, disk)
  mark(doc)
  viewFiles()
  return doc
}

/** Does one thing after another with a file: it may be saved while the list of files arrives. */
function inTurn(doc, act) {
  doc.turn = doc.turn.then(() => act(doc)).catch(({ message }) => say(message))
  return doc.turn
}

async function save(doc) {
  if (doc.conflict !== undefined) return say('First choose which one to keep.')
  if (!/(?:^|\n)$/.test(textOf(doc))) {
    dispatch(doc, { changes: { from: doc.state.doc.length, insert: '\n' } })
  }
  const text = textOf(doc)
  const { hash, newline = '\n' } = doc.saved
  const answer = await send('file', { path: doc.path, text: text.replaceAll('\n', newline), hash })
  if (answer.ok) {
    doc.saved = { text, hash: answer.hash, newline }
    keepDraft(doc)
    say(`Saved ${doc.path} at ${new Date().toLocaleTimeString('en-GB')}.`)
  } else if (answer.disk !== undefined) meet(doc, asDisk(answer.disk))
  else say(answer.message)
  viewDoc()
}

async function look(doc) {
  if (hashOf(doc.path) === knownHash(doc)) return
  const isThere = list.files.some(({ path }) => path === doc.path)
  meet(doc, isThere ? await read(doc.path) : undefined)
}

/** The file on disk is another one than before, or gone. */
function meet(doc, disk) {
  if (disk?.hash === doc.saved.hash) {
    // It is back as it was.
    if (doc.conflict !== undefined) endConflict(doc)
  } else if (disk?.text === textOf(doc)) {
    doc.saved = disk
    endConflict(doc)
    keepDraft(doc)
  } else if (isEdited(doc)) {
    doc.conflict = { disk }
    compare(doc, { other: 'disk', text: disk?.text ?? '' })
  } else if (disk === undefined) {
    forget(doc)
    say(`${doc.path} was deleted outside the editor.`)
  } else {
    take(doc, disk)
    say(`${doc.path} changed outside the editor. This is the new text.`)
  }
  viewDoc()
}

function take(doc, disk) {
  doc.saved = disk
  dispatch(doc, replaceText(doc.state, disk.text))
  keepDraft(doc)
}

function endConflict(doc) {
  doc.conflict = undefined
  if (doc.comparison?.other === 'disk') compare(doc, undefined)
}

function forget(doc) {
  docs.delete(doc.path)
  sessionStorage.removeItem(drafts + doc.path)
  viewFiles()
  if (doc !== current) return
  current = undefined
  part('file').hidden = true
  showStep()
}

async function make(path) {
  const answer = await send('file', { path, text: '' })
  if (answer.disk) return show(path, { focuses: true })
  if (!answer.ok) return say(answer.message)
  place.querySelector('.new-file').reset()
  list.files.push({ path, hash: answer.hash })
  await show(path, { focuses: true })
  refresh()
  say(`Made ${path}.`)
}

async function remove() {
  const doc = current
  const edits = isEdited(doc) ? ', with your unsaved edits' : ''
  if (!(await ask(`Delete ${doc.path} from your copy${edits}?`, 'Delete it'))) return
  const answer = await send('file/delete', { path: doc.path, hash: doc.saved.hash })
  if (answer.ok) {
    list.files = list.files.filter(({ path }) => path !== doc.path)
    forget(doc)
    refresh()
    say(`Deleted ${doc.path}.`)
  } else if (answer.disk !== undefined) meet(doc, asDisk(answer.disk))
  else say(answer.message)
}

async function toggleComparison(doc, other) {
  if (doc.comparison?.other === other) return compare(doc, undefined)
  const question = `Show ${doc.path} as it is in ${version}? The hints of the step say less.`
  if (other === 'solution' && !(await ask(question, 'Show the solution'))) return
  const query = new URLSearchParams({ path: doc.path, of: other })
  const { ok, text, message } = await request(`file?${query}`)
  if (ok) compare(doc, { other, text: normal(text ?? ''), isMissing: text === null })
  else say(message)
}

const OTHERS = {
  start: 'the start of the exercise',
  solution: 'the solution',
  disk: 'the file on disk',
}

/**
 * Compares a file with another text, or ends the comparison.
 *
 * @param {{ other: string, text: string, isMissing?: boolean } | undefined} comparison
 */
function compare(doc, comparison) {
  const isOpen = doc === current
  const hasFocus = isOpen && view.hasFocus
  if (isOpen) leave()
  doc.comparison = comparison
  if (isOpen) enter(doc)
  if (hasFocus) view.focus()
  viewDoc()
}

/** What a comparison shows. */
function tell({ other, isMissing }) {
  if (isMissing) return `There is no such file in ${OTHERS[other]}.`
  return roomForTwo.matches
    ? `Left: ${OTHERS[other]}. Right: your text, which you can edit.`
    : `Green, with a number: only in your text. Red, without one: only in ${OTHERS[other]}.`
}

function mark(doc) {
  const { error } = list
  const own = error?.path === doc.path ? error : undefined
  if (JSON.stringify(own) === doc.marked) return
  doc.marked = JSON.stringify(own)
  dispatch(doc, markError(doc.state, own))
}

function update(doc, state) {
  const [wasEdited, before] = [isEdited(doc), doc.state]
  doc.state = state
  if (state.doc !== before.doc) keepDraft(doc)
  if (isEdited(doc) !== wasEdited) viewDoc()
}

function dispatch(doc, change) {
  if (doc === current) view.dispatch(change)
  else doc.state = doc.state.update(change).state
}

// What is shown.

function viewFiles() {
  const rows = []
  let folder = ''
  const paths = list.files.map(({ path }) => path)
  const gone = [...docs.keys()].filter((path) => !paths.includes(path))
  const shown = [...paths, ...gone].sort((one, other) => {
    return folderOf(one).localeCompare(folderOf(other)) || one.localeCompare(other)
  })
  for (const path of shown) {
    if (folderOf(path) !== folder) {
      folder = folderOf(path)
      rows.push(element('li', { className: 'folder quiet' }, folder))
    }
    const doc = docs.get(path)
    const link = linkTo(path, path.slice(folder.length && folder.length + 1))
    if (doc !== undefined && doc === current) link.setAttribute('aria-current', 'true')
    if (doc !== undefined && isEdited(doc)) link.append(element('small', {}, 'unsaved'))
    if (list.error?.path === path) link.append(element('small', { className: 'bad' }, 'error'))
    rows.push(element('li', {}, link))
  }
  put(place.querySelector('nav'), element('ul', { className: 'plain' }, ...rows))
}

function viewDoc() {
  viewFiles()
  if (current === undefined) return
  const { path, conflict, comparison } = current
  part('file').hidden = false
  part('path').textContent = path
  part('opens').replaceChildren(...waysToOpen(`${place.dataset.folder}/${path}`))
  part('state').textContent = isEdited(current) ? 'unsaved' : ''
  place.querySelector('[data-does="save"]').classList.toggle('primary', isEdited(current))
  part('conflict').hidden = conflict === undefined
  if (conflict !== undefined) {
    const what = conflict.disk === undefined ? 'was deleted' : 'was changed'
    part('conflict').querySelector('p').textContent =
      `${path} ${what} outside the editor while you edited it here. Nothing is overwritten: choose one.`
    part('conflict').querySelector('[data-does="takeDisk"]').textContent =
      conflict.disk === undefined ? 'Drop mine' : 'Take the one on disk'
  }
  part('legend').hidden = comparison === undefined
  part('legend').textContent = comparison === undefined ? '' : tell(comparison)
  for (const button of place.querySelectorAll('[data-compares]')) {
    button.setAttribute('aria-pressed', String(button.dataset.compares === comparison?.other))
    button.disabled = conflict !== undefined
  }
}

/** Replaces the only child of an element if it changes, and keeps the focus. */
function put(parent, child) {
  const old = parent.firstElementChild
  if (old?.outerHTML === child.outerHTML) return
  const focused = parent.contains(document.activeElement) && document.activeElement
  parent.replaceChildren(child)
  if (focused) parent.querySelector(`[href="${focused.getAttribute('href')}"]`)?.focus()
}

/** Opens the step to do now, and folds the others, unless one is in use or still has a file to make. */
function foldSteps() {
  for (const details of document.querySelectorAll('.step details')) {
    const isNow = details.closest('.step').id === `step-${list.step}`
    const isInUse =
      details.contains(document.activeElement) || details.querySelector('[data-makes]')
    if (isNow || !isInUse) details.open = isNow
  }
}

/** Requests what the page shows of the copy again. */
function refresh() {
  htmx.trigger(document.body, 'refresh')
}

function say(text) {
  part('news').textContent = text
}

/** Asks the person. */
function ask(question, yes) {
  const dialog = place.querySelector('dialog')
  dialog.querySelector('p').textContent = question
  dialog.querySelector('button').textContent = yes
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true })
  })
}

function part(name) {
  return place.querySelector(`.editor-${name}`)
}

function linkTo(path, text) {
  const href = pages + path.split('/').map(encodeURIComponent).join('/')
  return element('a', { href }, text)
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

// Files and texts.

function hashOf(path) {
  return list.files.find((file) => file.path === path)?.hash
}

/** The hash of the text on disk that this page knows of. */
function knownHash({ saved, conflict }) {
  return conflict === undefined ? saved.hash : conflict.disk?.hash
}

function folderOf(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function textOf(doc) {
  return doc.state.doc.toString()
}

function isEdited(doc) {
  return textOf(doc) !== doc.saved.text
}

/** CodeMirror has one kind of line ending. A file keeps its own. */
function normal(text) {
  return text.replace(/\r\n?/g, '\n')
}

function asDisk(disk) {
  if (disk === null) return undefined
  const newline = disk.text.includes('\r\n') ? '\r\n' : '\n'
  return { text: normal(disk.text), hash: disk.hash, newline }
}

function keepDraft(doc) {
  const key = drafts + doc.path
  if (!isEdited(doc)) sessionStorage.removeItem(key)
  else sessionStorage.setItem(key, JSON.stringify({ text: textOf(doc), hash: doc.saved.hash }))
}

function draftPaths() {
  const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(drafts))
  return keys.map((key) => key.slice(drafts.length))
}

// The workshop.

/**
 * The text of a file on disk, or undefined if it is gone.
 *
 * @throws if it can't be read
 */
async function read(path) {
  const answer = await request(`file?${new URLSearchParams({ path })}`)
  if (!answer.ok && answer.status !== 404) throw new Error(answer.message)
  return answer.ok ? asDisk(answer) : undefined
}

function send(address, body) {
  const headers = { 'content-type': 'application/json' }
  return request(address, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function request(address, options) {
  const answer = await fetch(`/exercises/${exercise}/${address}`, options).catch(() => undefined)
  if (answer === undefined) return { ok: false, message: SILENCE }
  return { ...(await answer.json()), ok: answer.ok, status: answer.status }
}
