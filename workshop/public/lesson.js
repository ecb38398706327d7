// Terms with their meaning, and buttons that copy a command or a path. Parts of a page are replaced often, so the
// document listens for clicks on the buttons.

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
