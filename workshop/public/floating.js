// What a card beside a link does: it shows after a moment, stays while the pointer is on it, and closes with Escape,
// because it is a popover.

const DELAY = 250

/**
 * A timer for one card. `later` does something after a moment, unless `later` or `stay` is called before that.
 *
 * @returns {{ later: (action: () => void) => void, stay: () => void }}
 */
export function timerOfCard() {
  let timer
  const stay = () => clearTimeout(timer)
  const later = (action) => {
    stay()
    timer = setTimeout(action, DELAY)
  }
  return { later, stay }
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
