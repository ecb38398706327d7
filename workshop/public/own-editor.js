// Paths open in the reader's own editor, or are copied. The browser remembers which editor that is.

import './copy.js'

/** Each editor, and the address at which it opens a path. Without a line, the line is empty. */
const EDITORS = {
  vscode: ['VS Code', (path, line) => `vscode://file${path}${line && `:${line}`}`],
  jetbrains: [
    'a JetBrains IDE',
    (path, line) => `idea://open?file=${path}${line && `&line=${line}`}`,
  ],
  zed: ['Zed', (path, line) => `zed://file${path}${line && `:${line}`}`],
  sublime: [
    'Sublime Text',
    (path, line) => `subl://open?url=file://${path}${line && `&line=${line}`}`,
  ],
  none: ['none of these: only copy the path'],
}
/** The item in the browser's storage. */
const CHOICE = 'own-editor'

const setting = document.querySelector('#own-editor')
if (setting !== null) {
  const select = setting.querySelector('select')
  for (const [id, [name]] of Object.entries(EDITORS)) select.add(new Option(name, id))
  select.value = chosen()
  select.addEventListener('change', () => localStorage.setItem(CHOICE, select.value))
  setting.hidden = false
  if (location.hash === '#own-editor') setting.scrollIntoView()
}

document.addEventListener('htmx:load', ({ target }) => offerAll(target))
window.addEventListener('hashchange', () => offerAll(document))
offerAll(document)

function offerAll(part) {
  for (const place of part.querySelectorAll('[data-opens]')) {
    place.replaceChildren(...waysToOpen(place.dataset.opens, location.hash))
  }
}

/**
 * A link that opens a path, and a button that copies it.
 *
 * @param {string} path
 * @param {string} [hash] with the line, as `#L12`
 * @returns {(HTMLElement | string)[]}
 */
export function waysToOpen(path, hash = '') {
  const [name, hrefOf] = EDITORS[chosen()]
  const copy = document.createElement('button')
  copy.type = 'button'
  copy.className = 'small'
  copy.dataset.copy = path
  copy.textContent = 'Copy path'
  if (hrefOf === undefined) return [copy]
  const link = document.createElement('a')
  link.className = 'button small'
  link.href = hrefOf(asAddress(path), /^#L(\d+)$/.exec(hash)?.[1] ?? '')
  link.textContent = `Open in ${name}`
  return [link, ' ', copy]
}

function chosen() {
  const choice = localStorage.getItem(CHOICE)
  return Object.hasOwn(EDITORS, choice) ? choice : 'vscode'
}

/** A path as part of an address, with a slash before the drive of Windows. Elsewhere a name may have backslashes. */
function asAddress(path) {
  const isOfWindows = /^(?:[a-z]:|\\\\)/i.test(path)
  const names = path.split(isOfWindows ? /[\\/]/ : '/')
  return names
    .map(encodeURIComponent)
    .join('/')
    .replace(/^(\w)%3A/, '/$1:')
}
