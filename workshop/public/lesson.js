// Terms with their meaning, and a button at each command to copy it.

import './copy.js'
import './terms.js'

for (const code of document.querySelectorAll('.code-sh, .code-shell')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy small'
  button.textContent = 'Copy'
  button.dataset.copy = (code.querySelector('code')?.textContent ?? '').trimEnd()
  code.append(button)
}
