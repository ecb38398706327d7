// What a card beside a link does: it shows after a moment, stays while the pointer is on it, and closes with Escape,
// because it is a popover.

const DELAY = 250

/** @type {number | undefined} */
let timer

/**
 * Does something after a moment, unless something else is to be done before that.
 *
 * @param {() => void} action
 */
export function later(action) {
  stay()
  timer = setTimeout(action, DELAY)
}

/** Does nothing of what was to be done. */
export function stay() {
  clearTimeout(timer)
}

/**
 * Shows a card below a link, or above it if there is no room.
 *
 * @param {HTMLElement} card
 * @param {HTMLAnchorElement} link
 */
export function showBeside(card, link) {
  card.showPopover()
  const [line] = link.getClientRects()
  const left = Math.max(0, Math.min(line.left, innerWidth - card.offsetWidth - 8))
  const fitsBelow = line.bottom + card.offsetHeight < innerHeight
  const top = fitsBelow ? line.bottom : Math.max(line.top - card.offsetHeight, 0)
  card.style.translate = `${left + scrollX}px ${top + scrollY}px`
}
