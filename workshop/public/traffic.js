// The list of messages: inserts new ones, each below the heading of its login, opens them, and shows secrets at a click.

import './copy.js'
import { takeApart, viewParts } from './token-parts.js'
import { announce } from './workshop.js'

const list = document.querySelector('#traffic')
/** Within this distance below the screen, the newest message counts as in sight. */
const NEAR = '160px'

/** Clicked values, which are shown everywhere. */
const shown = new Set()
/** While the newest message is in sight, the page follows the next ones. */
let isFollowing = true
const sight = new IntersectionObserver(
  (changes) => {
    isFollowing = changes.at(-1).isIntersecting
  },
  { rootMargin: `0px 0px ${NEAR}` },
)

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
  window.addEventListener('hashchange', openLinked)
  tellEmpty()
  const last = watchNewest()
  // Held messages wait for someone, so they come first.
  const waiting = list.querySelector('.waits')
  if (waiting !== null) waiting.scrollIntoView({ block: 'nearest' })
  else if (location.hash.startsWith('#message-')) openLinked()
  else last?.scrollIntoView({ block: 'nearest' })
}

/** Opens the message that the address names. */
function openLinked() {
  if (!location.hash.startsWith('#message-')) return
  const row = list.querySelector(`.row[id="${CSS.escape(location.hash.slice(1))}"]`)
  const details = row?.querySelector('details')
  if (row === null)
    announce(
      "That message isn't in this list. It is gone if the lab was started again, or if too many came after it. Or the filter hides it.",
    )
  if (details) details.open = true
  row?.scrollIntoView({ block: 'start' })
}

/** Inserts the new rows of a response, replaces changed ones, and removes those that aren't in the list anymore. */
function takeIn(text) {
  const template = document.createElement('template')
  template.innerHTML = text
  const answer = template.content.querySelector('.rows')
  const rows = list.querySelector('.rows')
  const wasFollowing = isFollowing
  const changed = [...answer.querySelectorAll('.row')]
  const kept = new Set(answer.dataset.ids.split(' ').map((id) => `message-${id}`))
  for (const row of rows.querySelectorAll('.row')) if (!kept.has(row.id)) row.remove()
  for (const login of [...answer.querySelectorAll(':scope > .login')]) putLogin(rows, login)
  for (const row of [...answer.querySelectorAll(':scope > .row')]) put(rows, row)
  for (const login of rows.querySelectorAll('.login:not(:has(.row))')) login.remove()
  rows.dataset.mark = answer.dataset.mark
  // Another version may have other programs.
  rows.style.cssText = answer.style.cssText
  list.querySelector('.lane-names').replaceWith(template.content.querySelector('.lane-names'))
  for (const choice of template.content.querySelectorAll('select')) offer(choice)
  tellEmpty()
  const last = watchNewest()
  if (changed.length === 0) return
  const waiting = rows.querySelector('.waits')
  if (waiting !== null) waiting.scrollIntoView({ block: 'nearest' })
  else if (wasFollowing) last?.scrollIntoView({ block: 'nearest' })
}

function putLogin(rows, login) {
  const own = rows.querySelector(`#${login.id}`) ?? login.cloneNode(true)
  const [heading, next] = [own, login].map((part) => part.querySelector('h2'))
  if (heading.innerHTML !== next.innerHTML) heading.innerHTML = next.innerHTML
  if (own.parentElement === null) own.querySelector('ol').replaceChildren()
  if (own.parentElement === null || own.dataset.order !== login.dataset.order) {
    own.dataset.order = login.dataset.order
    place(rows, own)
  }
  for (const row of [...login.querySelectorAll('.row')]) put(own.querySelector('ol'), row)
}

function put(parent, row) {
  const old = list.querySelector(`#${row.id}`)
  const wasFocused = old?.contains(document.activeElement)
  if (old !== null) keepWhatIsOpen(old, row)
  old?.remove()
  place(parent, row)
  htmx.process(row)
  // The focused element may be gone from the row, such as the button "Send it on".
  if (wasFocused) row.querySelector('summary')?.focus()
}

function place(parent, part) {
  const others = [...parent.children].filter((other) => other !== part)
  const after = others.findLast((other) => orderOf(other) <= orderOf(part))
  if (after === undefined) parent.prepend(part)
  else after.after(part)
}

/** Offers what the messages can now be filtered by. */
function offer(choice) {
  const own = document.querySelector(`.tools select[name="${choice.name}"]`)
  if (own === null || own.innerHTML === choice.innerHTML) return
  const { value } = own
  own.replaceChildren(...choice.children)
  own.value = value
}

function watchNewest() {
  const [last] = [...list.querySelectorAll('.row')].sort((one, other) => {
    return orderOf(other) - orderOf(one)
  })
  sight.disconnect()
  if (last !== undefined) sight.observe(last)
  return last
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
  document.querySelector('#empty').hidden = list.querySelector('[data-message]') !== null
}

function orderOf(row) {
  return Number(row.dataset.order)
}
