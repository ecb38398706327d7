// At a link to a file, while the pointer or the keyboard is on it: its path opens in the reader's own editor, or is
// copied. The keys work only there, so they stay on.

import { showBeside, timerOfCard } from './floating.js'
import { offer } from './own-editor.js'

const LINK = 'a[href^="/code/"]'
/** What each key clicks. */
const KEYS = { o: 'a', c: 'button' }

const { later, stay } = timerOfCard()

const card = document.createElement('div')
card.id = 'own-editor-card'
card.className = 'floating box'
card.popover = 'auto'
card.role = 'group'
card.ariaLabel = 'Your own editor'
document.body.append(card)

/** @type {Promise<Record<string, string>> | undefined} the folders of what is below /code/ */
let folders
/** @type {HTMLAnchorElement | undefined} the link that the card belongs to, or is being made for */
let link

document.addEventListener('pointerover', ({ target, pointerType }) => {
  const place = pointerType === 'touch' ? null : target.closest(LINK)
  if (place !== null) later(() => show(place))
  else if (card.contains(target)) stay()
  else later(leave)
})
document.addEventListener('focusin', ({ target }) => {
  if (target.matches(`${LINK}:focus-visible`)) show(target)
  else if (!card.contains(target)) hide()
})
document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (target !== link || ctrlKey || metaKey || altKey || !Object.hasOwn(KEYS, key)) return
  card.querySelector(KEYS[key])?.click()
})

/** The pointer has left; the keyboard may still be there. */
function leave() {
  if (!link?.matches(':focus-visible')) hide()
}

function hide() {
  stay()
  link?.removeAttribute('aria-describedby')
  link = undefined
  card.hidePopover()
}

/** @param {HTMLAnchorElement} place */
async function show(place) {
  if (place === link) return
  hide()
  link = place
  const path = await pathOf(place)
  if (link !== place || !place.isConnected || path === undefined) return
  // Behind a dialog nothing can be clicked.
  const parent = place.closest('dialog') ?? document.body
  if (card.parentElement !== parent) parent.append(card)
  offer(card, path, place.hash)
  for (const [key, selector] of Object.entries(KEYS)) {
    const button = card.querySelector(selector)
    button?.append(' ', Object.assign(document.createElement('kbd'), { textContent: key }))
    // The keyboard has its keys, and a list of files has no two more stops at each.
    button?.setAttribute('tabindex', '-1')
  }
  place.setAttribute('aria-describedby', card.id)
  showBeside(card, place)
}

async function pathOf({ pathname }) {
  folders ??= fetch('/code/folders')
    .then((response) => response.json())
    .catch(() => {
      folders = undefined
      return {}
    })
  const [, , id = '', ...names] = pathname.split('/')
  const folder = (await folders)[id]
  return folder && [folder, ...names.map(decodeURIComponent)].join('/')
}
