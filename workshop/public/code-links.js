// At a link to a file, a card opens its path in the reader's own editor, or copies it. So do two keys, which work only
// there and so stay on.

import { cardBeside } from './floating.js'
import { waysToOpen } from './own-editor.js'

/** What each key clicks. */
const KEYS = { o: 'a', c: 'button' }

/** @type {Promise<Record<string, string>> | undefined} the folders of what is below /code/ */
let folders

const properties = { id: 'own-editor-card', role: 'group', ariaLabel: 'Your own editor' }
const card = cardBeside('a[href^="/code/"]', properties, async (link) => {
  const path = await pathOf(link)
  if (path === undefined) return []
  const ways = waysToOpen(path, link.hash)
  for (const [key, tag] of Object.entries(KEYS)) {
    const way = ways.find((one) => one.localName === tag)
    way?.append(' ', Object.assign(document.createElement('kbd'), { textContent: key }))
    // The keyboard has these keys. Two more stops of Tab at each link would make a list of files long.
    way?.setAttribute('tabindex', '-1')
  }
  return ways
})

document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
  const isThere = target.getAttribute('aria-describedby') === card.id
  if (!isThere || ctrlKey || metaKey || altKey || !Object.hasOwn(KEYS, key)) return
  card.querySelector(KEYS[key])?.click()
})

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
