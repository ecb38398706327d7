// The keys of all pages in one list, which ? shows. They work outside of fields, and can be turned off (WCAG 2.1.4).

/** Each key has one meaning on all pages. */
const KEYS = [
  ['/', 'Search'],
  ['?', 'Show this list'],
  ['t', 'Traffic'],
  ['r', 'Run'],
  ['j', 'Next page of a lesson'],
  ['k', 'Previous page of a lesson'],
  ['n', 'Next change of a difference, next step of an attack'],
  ['p', 'Previous change or step'],
  ['s', 'Presenter: notes in a second window'],
  ['f', 'Presenter: full screen'],
]
/** These stay on. */
const OTHER_KEYS = [
  ['← →', 'Presenter: back and forth, as do Page Up, Page Down and space'],
  ['Home', 'Presenter: the first slide'],
  ['End', 'Presenter: the last slide'],
  ['o', 'On a link to a file: open it in your own editor'],
  ['c', 'On a link to a file: copy its path'],
]
/** The item in the browser's storage, if they are off. */
const OFF = 'keys-off'

/**
 * Does something when one of these keys is pressed.
 *
 * @param {Record<string, () => void>} actions
 */
export function onKeys(actions) {
  document.addEventListener('keydown', (event) => {
    const act = actions[event.key]
    if (act === undefined || isOff() || isForElsewhere(event)) return
    event.preventDefault()
    act()
  })
}

/** Whether a key belongs to the browser, to a field, or to an open dialog. */
function isForElsewhere({ ctrlKey, metaKey, altKey, target }) {
  if (ctrlKey || metaKey || altKey || document.querySelector('dialog:modal') !== null) return true
  return target.isContentEditable || target.matches('input, textarea, select')
}

function isOff() {
  return localStorage.getItem(OFF) !== null
}

const dialog = document.createElement('dialog')
dialog.className = 'box'
dialog.setAttribute('aria-labelledby', 'keys-heading')
dialog.setAttribute('closedby', 'any')
dialog.innerHTML = `
<h2 id="keys-heading">Keys</h2>
<dl>${[...KEYS, ...OTHER_KEYS].map(([key, text]) => `<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`).join('')}</dl>
<p><small>Choose your own editor on the page of the <a href="/exercises#own-editor">exercises</a>.</small></p>
<label class="cluster"><input type="checkbox" id="keys-on"> Keys of one character are on</label>
<form method="dialog" class="buttons"><button autofocus>Close</button></form>`
document.body.append(dialog)

const switchKeys = dialog.querySelector('#keys-on')
switchKeys.addEventListener('change', () => {
  if (switchKeys.checked) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, '')
  showState()
})
showState()

function showState() {
  switchKeys.checked = !isOff()
  document.documentElement.classList.toggle('keys-off', isOff())
}

/** Other windows may have changed it. */
function showKeys() {
  showState()
  dialog.showModal()
}

/** @param {string} selector of a link */
const follow = (selector) => () => document.querySelector(selector)?.click()

onKeys({ '?': showKeys })
const searchLink = document.querySelector('.top .to-search')
if (searchLink !== null) {
  const button = document.createElement('button')
  button.className = 'small'
  button.textContent = '?'
  button.ariaLabel = 'Keys'
  button.addEventListener('click', showKeys)
  searchLink.after(button)
  onKeys({
    t: follow('.top [href="/traffic"]'),
    r: follow('.top [href="/run"]'),
    j: follow('.ways [rel="next"]'),
    k: follow('.ways [rel="prev"]'),
  })
}
