// The page of the traffic: takes in what is new, opens messages, shows secrets at a click, filters,
// pauses, and draws the diagram.
import { loadMermaid } from './page-mermaid.js'

const list = document.querySelector('#traffic')
const filter = document.querySelector('#filter')
const pause = document.querySelector('#pause')
const empty = document.querySelector('#empty')
const dialog = document.querySelector('#diagram')
const slot = list?.dataset.slot ?? ''
/** How far from the end of the page, in pixels, one still reads the newest. */
const NEAR_THE_END = 160

/** Values that were clicked: they are shown wherever they stand. */
const shown = new Set()
let paused = false

if (list !== null) begin()

function begin() {
  list.addEventListener('htmx:configRequest', ({ detail }) => {
    for (const [name, value] of whatIsShown()) detail.parameters[name] = value
    detail.parameters.after = list.querySelector('.rows').dataset.mark
  })
  list.addEventListener('htmx:beforeRequest', (event) => {
    if (!paused || event.target !== list) return
    event.preventDefault()
    document.querySelector('#paused').textContent = 'Paused. There are new messages.'
  })
  list.addEventListener('htmx:afterRequest', ({ detail, target }) => {
    if (target === list && detail.successful) takeIn(detail.xhr.responseText)
  })
  // Events of `details` don't bubble, but come by on their way down.
  list.addEventListener('toggle', ({ target }) => open(target), true)
  list.addEventListener('click', ({ target }) => reveal(target.closest('button.value')))
  filter.addEventListener('input', () => changeFilter())
  filter.addEventListener('submit', (event) => {
    if (event.submitter?.form === filter) event.preventDefault()
  })
  pause.addEventListener('click', () => setPaused(!paused))
  document.querySelector('#draw').addEventListener('click', draw)
  document.querySelector('#close-diagram').addEventListener('click', () => dialog.close())
  tellEmpty()
  writeLinks()
  // What was held while the page was away stands below everything before it.
  list.querySelector('.waits')?.scrollIntoView({ block: 'center' })
}

/** The query of everything that asks for messages. */
function whatIsShown() {
  const fields = [...new FormData(filter)].filter(([, value]) => value !== '')
  return new URLSearchParams([['slot', slot], ...fields.filter(([name]) => name !== 'slot')])
}

function changeFilter() {
  history.replaceState(null, '', `/traffic?${whatIsShown()}`)
  writeLinks()
  list.querySelector('.rows').dataset.mark = ''
  setPaused(false)
}

/** What is saved is what is shown. */
function writeLinks() {
  for (const [id, path, more] of [
    ['har', 'har', ''],
    ['har-secrets', 'har', '&secrets=1'],
    ['mermaid', 'mermaid', ''],
  ]) {
    document.querySelector(`#${id}`).href = `/traffic/${path}?${whatIsShown()}${more}`
  }
}

function setPaused(on) {
  paused = on
  pause.setAttribute('aria-pressed', String(on))
  document.querySelector('#paused').textContent = on ? 'Paused.' : ''
  if (!on) htmx.trigger(list, 'look')
}

/** Puts the rows of an answer where they belong: new ones in, changed ones in place of the old. */
function takeIn(text) {
  const template = document.createElement('template')
  template.innerHTML = text
  const answer = template.content.querySelector('.rows')
  const rows = list.querySelector('.rows')
  const atEnd = isNearTheEnd()
  const hasNews = answer.children.length > 0
  if (answer.dataset.whole === 'true') keepOnly(rows, new Set([...answer.children].map(idOf)))
  for (const row of [...answer.children]) put(rows, row)
  for (const row of [...rows.children]) {
    if (orderOf(row) < Number(answer.dataset.oldest)) row.remove()
  }
  rows.dataset.mark = answer.dataset.mark
  // Another version may have other programs.
  rows.style.cssText = answer.style.cssText
  list.querySelector('.lane-names').replaceWith(template.content.querySelector('.lane-names'))
  tellEmpty()
  if (!hasNews) return
  const waiting = rows.querySelector('.waits')
  if (waiting !== null) waiting.scrollIntoView({ block: 'nearest' })
  else if (atEnd) window.scrollTo({ top: document.body.scrollHeight })
}

function keepOnly(rows, ids) {
  for (const row of [...rows.children]) if (!ids.has(row.id)) row.remove()
}

function put(rows, row) {
  const old = rows.querySelector(`#${row.id}`)
  const wasFocused = old?.contains(document.activeElement)
  if (old !== null) keepWhatIsOpen(old, row)
  const after = [...rows.children].findLast(
    (other) => other !== old && orderOf(other) <= orderOf(row),
  )
  if (old !== null) old.remove()
  if (after === undefined) rows.prepend(row)
  else after.after(row)
  htmx.process(row)
  // What had it may be gone from the row, such as the button that let its message go.
  if (wasFocused) row.querySelector('summary')?.focus()
}

/** A changed row keeps what the reader did with it. */
function keepWhatIsOpen(old, row) {
  const [before, now] = [old, row].map((part) => part.querySelector('details'))
  if (!before?.open || now === null) return
  now.querySelector('.details').replaceChildren(...before.querySelector('.details').childNodes)
  // Which opens it, and so asks for the details anew.
  now.open = true
}

async function open(details) {
  const row = details.closest('.row')
  if (!details.open || details.parentElement !== row) return
  const place = details.querySelector('.details')
  const query = new URLSearchParams({ slot, id: row.dataset.message })
  const answer = await fetch(`/traffic/message?${query}`).catch(() => undefined)
  const text = (await answer?.text()) ?? ''
  const page = new DOMParser().parseFromString(text, 'text/html')
  const problem = answer?.ok ? null : page.querySelector('.problem')
  if (answer?.ok) place.innerHTML = text
  else place.textContent = problem?.textContent ?? "The workshop doesn't respond."
  for (const button of place.querySelectorAll('button.value')) write(button)
}

function reveal(button) {
  if (button === null) return
  const { value } = button.dataset
  if (!shown.delete(value)) shown.add(value)
  for (const other of list.querySelectorAll('button.value')) {
    if (other.dataset.value === value) write(other)
  }
}

function write(button) {
  const { value, masked } = button.dataset
  const on = shown.has(value)
  button.setAttribute('aria-pressed', String(on))
  button.title = on ? 'Hide it' : 'Show it'
  button.querySelector('.shown').textContent = on ? value : masked
}

async function draw() {
  const drawing = document.querySelector('#drawing')
  drawing.textContent = 'Drawing ...'
  dialog.showModal()
  try {
    const mermaid = await loadMermaid({ maxTextSize: 500_000 })
    const answer = await fetch(`/traffic/mermaid?${whatIsShown()}`)
    const { svg } = await mermaid.render('traffic-diagram', await answer.text())
    drawing.innerHTML = svg
  } catch {
    drawing.textContent = "The diagram can't be drawn. You can still save its text."
  }
}

function isNearTheEnd() {
  const { scrollHeight } = document.documentElement
  return window.scrollY + window.innerHeight > scrollHeight - NEAR_THE_END
}

function tellEmpty() {
  empty.hidden = list.querySelector('.row') !== null
}

function idOf(row) {
  return row.id
}

function orderOf(row) {
  return Number(row.dataset.order)
}
