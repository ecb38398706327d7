// The Traffic page: inserts new messages, opens them, and shows secrets at a click.

import { takeApart, viewParts } from './token-parts.js'

const list = document.querySelector('#traffic')
/** Within this distance from the end of the page, in pixels, the page follows new messages. */
const NEAR_THE_END = 160

/** Clicked values, which are shown everywhere. */
const shown = new Set()

if (list !== null) begin()

function begin() {
  list.addEventListener('htmx:configRequest', ({ detail }) => {
    detail.parameters.after = list.querySelector('.rows').dataset.mark
  })
  list.addEventListener('htmx:afterRequest', ({ detail, target }) => {
    if (target === list && detail.successful) takeIn(detail.xhr.responseText)
  })
  // Events of `details` don't bubble, but can be captured.
  list.addEventListener('toggle', ({ target }) => open(target), true)
  list.addEventListener('click', ({ target }) => reveal(target.closest('button.value')))
  tellEmpty()
  // Messages held while the page was closed are at the end.
  list.querySelector('.waits')?.scrollIntoView({ block: 'center' })
}

/** Inserts the new rows of a response, and replaces changed ones. */
function takeIn(text) {
  const template = document.createElement('template')
  template.innerHTML = text
  const answer = template.content.querySelector('.rows')
  const rows = list.querySelector('.rows')
  const { scrollHeight } = document.documentElement
  const atEnd = window.scrollY + window.innerHeight > scrollHeight - NEAR_THE_END
  const hasNews = answer.children.length > 0
  const isWhole = answer.dataset.whole === 'true'
  for (const row of [...rows.children]) {
    const isStale = isWhole && answer.querySelector(`#${row.id}`) === null
    if (isStale || orderOf(row) < Number(answer.dataset.oldest)) row.remove()
  }
  for (const row of [...answer.children]) put(rows, row)
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

function put(rows, row) {
  const old = rows.querySelector(`#${row.id}`)
  const wasFocused = old?.contains(document.activeElement)
  if (old !== null) keepWhatIsOpen(old, row)
  old?.remove()
  const after = [...rows.children].findLast((other) => orderOf(other) <= orderOf(row))
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
  if (details.matches('.apart')) return showParts(details.querySelector('[data-token]'))
  const row = details.closest('.row')
  if (!details.open || details.parentElement !== row) return
  const place = details.querySelector('.details')
  const query = new URLSearchParams({ slot: list.dataset.slot, id: row.dataset.message })
  const answer = await fetch(`/traffic/message?${query}`).catch(() => undefined)
  const text = (await answer?.text()) ?? ''
  const page = new DOMParser().parseFromString(text, 'text/html')
  const problem = answer?.ok ? null : page.querySelector('.problem')
  if (answer?.ok) place.innerHTML = text
  else place.textContent = problem?.textContent ?? "The workshop doesn't respond."
  for (const button of place.querySelectorAll('button.value')) write(button)
}

/** The signature stays masked like every secret: without it, the rest of a token opens nothing. */
function showParts(place) {
  const token = takeApart(place.dataset.token)
  if (token.problem !== undefined) {
    place.textContent = token.problem
    return
  }
  const { signature } = token
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'value'
  button.style.setProperty('--color', '0')
  button.dataset.value = signature
  button.dataset.masked = `${signature.slice(0, 4)}****${signature.slice(-4)}`
  button.innerHTML = '<span class="shown"></span>'
  write(button)
  place.replaceChildren(viewParts(token, button))
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

function tellEmpty() {
  document.querySelector('#empty').hidden = list.querySelector('.row') !== null
}

function orderOf(row) {
  return Number(row.dataset.order)
}
