// What texts need of script: terms with their meaning, and buttons that copy a command, or a path. Parts of a page are
// renewed all the time, so the buttons are listened to from above.

import './terms.js'

const SHOWN = 2000

for (const code of document.querySelectorAll('.code-sh, .code-shell')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy small'
  button.textContent = 'Copy'
  button.dataset.copy = (code.querySelector('code')?.textContent ?? '').trimEnd()
  code.append(button)
}

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]')
  if (button === null) return
  const before = button.textContent
  try {
    await navigator.clipboard.writeText(button.dataset.copy)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Select it and copy it by hand'
  }
  setTimeout(() => {
    button.textContent = before
  }, SHOWN)
})
