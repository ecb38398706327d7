// What a lesson's text needs of script: terms with their meaning, and code that can be copied.

import './terms.js'

for (const code of document.querySelectorAll('.code-sh, .code-shell')) addCopyButton(code)

/** @param {Element} code */
function addCopyButton(code) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText((code.querySelector('code')?.textContent ?? '').trimEnd())
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2000)
  })
  code.append(button)
}
