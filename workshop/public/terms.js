// A term that links to the glossary shows its entry there, while the pointer is on the link or on the card, or the
// keyboard on the link. Being a popover, the card closes with Escape.

import { showBeside, timerOfCard } from './floating.js'

const { later, stay } = timerOfCard()

const card = document.createElement('div')
card.id = 'term'
card.className = 'term floating box'
card.popover = 'auto'
card.role = 'tooltip'
document.body.append(card)
card.addEventListener('pointerenter', stay)
card.addEventListener('pointerleave', () => later(leave))

/** @type {Promise<Document | undefined> | undefined} */
let glossary
/** @type {HTMLAnchorElement | undefined} the link that the card belongs to, or is being made for */
let term

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

/** The pointer has left; the keyboard may still be there. */
function leave() {
  if (!term?.matches(':focus-visible')) hide()
}

function hide() {
  stay()
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
  showBeside(card, link)
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
