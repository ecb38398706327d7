// The traffic page: adds new messages, opens them, shows secrets on click, filters, pauses, and draws
// the diagram.
import { loadMermaid } from './page-mermaid.js'

const list = document.querySelector('#traffic')
const filter = document.querySelector('#filter')
const pause = document.querySelector('#pause')
const empty = document.querySelector('#empty')
const dialog = document.querySelector('#diagram')
const slot = list?.dataset.slot ?? ''
/** Within this distance from the end of the page, in pixels, the page follows new messages. */
const NEAR_THE_END = 160

/** Clicked values, which are shown everywhere. */
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
  // Events of `details` don't bubble, but can be captured.
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
  // Messages held while the page was closed are at the end.
  list.querySelector('.waits')?.scrollIntoView({ block: 'center' })
}

/** The query of every request for messages. */
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

/** Saves exactly the messages that are shown. */
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

/** Inserts the new rows of a response, and replaces changed ones. */
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
  // The focused element may be gone from the row, such as the button "Send it on".
  if (wasFocused) row.querySelector('summary')?.focus()
}

/** A changed row keeps its state, such as being open. */
function keepWhatIsOpen(old, row) {
  const [before, now] = [old, row].map((part) => part.querySelector('details'))
  if (!before?.open || now === null) return
  now.querySelector('.details').replaceChildren(...before.querySelector('.details').childNodes)
  // This opens it and so requests the details again.
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
