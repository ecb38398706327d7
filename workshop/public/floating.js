/** In milliseconds, from the pointer's move until a card shows or hides. */
const DELAY = 250

/**
 * Makes a card that shows at each link that matches a selector, while the pointer is on the link or on the card, or the
 * keyboard on the link. Being a popover, it closes with Escape. It describes the link that it is at.
 *
 * @param {string} selector
 * @param {Partial<HTMLElement>} properties of the card, with its `id`
 * @param {(link: HTMLAnchorElement) => Promise<(Node | string)[]>} contentOf what the card shows. Empty: no card
 * @returns {HTMLElement}
 */
export function cardBeside(selector, properties, contentOf) {
  const card = document.createElement('div')
  Object.assign(card, { className: 'floating box', popover: 'auto', ...properties })
  document.body.append(card)
  let timer
  /** @type {HTMLAnchorElement | undefined} the link that the card belongs to, or is being made for */
  let link

  document.addEventListener('pointerout', () => later(leave))
  // Not pointerover, which also comes when a page draws a link anew under a pointer at rest.
  document.addEventListener('pointermove', ({ target, pointerType }) => {
    const place = pointerType === 'touch' ? null : target.closest(selector)
    if (place !== null) later(() => show(place))
    else if (card.contains(target)) clearTimeout(timer)
  })
  document.addEventListener('focusin', ({ target }) => {
    if (target.matches(`:is(${selector}):focus-visible`)) show(target)
    else if (!card.contains(target)) hide()
  })
  return card

  function later(action) {
    clearTimeout(timer)
    timer = setTimeout(action, DELAY)
  }

  /** The pointer has left; the keyboard may still be there. */
  function leave() {
    if (!link?.matches(':focus-visible')) hide()
  }

  function hide() {
    clearTimeout(timer)
    link?.removeAttribute('aria-describedby')
    link = undefined
    card.hidePopover()
  }

  async function show(place) {
    if (place === link) return
    hide()
    link = place
    const content = await contentOf(place)
    if (link !== place || !place.isConnected || content.length === 0) return
    // Behind a dialog nothing can be clicked. Elsewhere it belongs to the landmark of its link.
    const parent = place.closest('dialog, main') ?? document.body
    if (card.parentElement !== parent) parent.append(card)
    card.replaceChildren(...content)
    place.setAttribute('aria-describedby', card.id)
    card.showPopover()
    moveBeside(card, place)
  }
}

/** Below a link, or above it if there is no room. In a list, where the next link is below, it is on the right. */
function moveBeside(card, link) {
  const [line] = link.getClientRects()
  const [right, bottom] = [innerWidth - card.offsetWidth - 8, innerHeight - card.offsetHeight]
  const isInList = link.matches('li > :first-child') && line.right <= right
  const left = isInList ? line.right : Math.max(0, Math.min(line.left, right))
  const below = line.bottom < bottom ? line.bottom : Math.max(line.top - card.offsetHeight, 0)
  const top = isInList ? Math.min(line.top, bottom) : below
  card.style.translate = `${left + scrollX}px ${top + scrollY}px`
}
