// A term that links to the glossary shows its entry there, while the pointer is on the link or on the card, or the
// keyboard on the link. Being a popover, the card closes with Escape.

const DELAY = 250

const card = document.createElement('div')
card.id = 'term'
card.className = 'term box'
card.popover = 'auto'
card.role = 'tooltip'
document.body.append(card)
card.addEventListener('pointerenter', () => clearTimeout(timer))
card.addEventListener('pointerleave', () => later(leave))

/** @type {Promise<Document | undefined> | undefined} */
let glossary
/** @type {HTMLAnchorElement | undefined} the link that the card belongs to, or is being made for */
let term
let timer

for (const link of document.querySelectorAll('main a[href^="/reference/glossary#"]')) {
  link.addEventListener('pointerenter', ({ pointerType }) => {
    if (pointerType !== 'touch') later(() => show(link))
  })
  link.addEventListener('pointerleave', () => later(leave))
  link.addEventListener('focus', () => {
    if (link.matches(':focus-visible')) show(link)
  })
  link.addEventListener('blur', hide)
}

/** @param {() => void} action */
function later(action) {
  clearTimeout(timer)
  timer = setTimeout(action, DELAY)
}

/** The pointer has left; the keyboard may still be there. */
function leave() {
  if (!term?.matches(':focus-visible')) hide()
}

function hide() {
  clearTimeout(timer)
  term?.removeAttribute('aria-describedby')
  term = undefined
  card.hidePopover()
}

/** @param {HTMLAnchorElement} link */
async function show(link) {
  hide()
  term = link
  const entry = entryOf(link, await readGlossary())
  if (term !== link || entry.length === 0) return
  card.replaceChildren(...entry)
  link.setAttribute('aria-describedby', card.id)
  card.showPopover()
  const [line] = link.getClientRects()
  const left = Math.min(line.left, innerWidth - card.offsetWidth - 8)
  const fitsBelow = line.bottom + card.offsetHeight < innerHeight
  const top = fitsBelow ? line.bottom : Math.max(line.top - card.offsetHeight, 0)
  card.style.translate = `${left + scrollX}px ${top + scrollY}px`
}

async function readGlossary() {
  glossary ??= fetch('/reference/glossary')
    .then((response) => response.text())
    .then((text) => new DOMParser().parseFromString(text, 'text/html'))
    .catch(() => {
      glossary = undefined
    })
  return glossary
}

/** The term and its entry, without the sources at the end, and without links, which a tooltip can't have. */
function entryOf({ hash }, page) {
  const heading = page?.getElementById(hash.slice(1))
  if (!heading) return []
  const name = document.createElement('strong')
  name.textContent = heading.textContent
  const entry = [name]
  for (
    let next = heading.nextElementSibling;
    next?.tagName === 'P';
    next = next.nextElementSibling
  ) {
    const text = next.cloneNode(true)
    for (const link of text.querySelectorAll('a')) link.replaceWith(...link.childNodes)
    entry.push(text)
  }
  return entry.slice(0, -1)
}
