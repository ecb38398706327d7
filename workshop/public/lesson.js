// The script of a lesson's text: shows the meaning of terms, copies code, and records opened answers.

import './terms.js'

for (const code of document.querySelectorAll('.code-sh, .code-shell')) addCopyButton(code)

/** @param {Element} code */
function addCopyButton(code) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy small'
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

for (const question of document.querySelectorAll('[data-question]')) {
  const { question: number } = question.dataset
  const [, , version] = location.pathname.split('/')
  question
    .querySelector('details')
    ?.addEventListener(
      'toggle',
      () => fetch(`/lessons/${version}/questions/${number}`, { method: 'POST' }),
      { once: true },
    )
}
