// A term that links to the glossary has a card with its entry there.

import { cardBeside } from './floating.js'

/** @type {Promise<Document | undefined> | undefined} */
let glossary

cardBeside('main a[href^="/reference/glossary#"]', { id: 'term', role: 'tooltip' }, async (link) =>
  entryOf(link, await readGlossary()),
)

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
