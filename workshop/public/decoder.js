// The page that takes a token apart while someone types or pastes it.

import { takeApart, viewParts } from './token-parts.js'

const field = document.querySelector('#token')
const told = document.querySelector('#told')
const parts = document.querySelector('#parts')

field.addEventListener('input', show)
show()

function show() {
  const isEmpty = field.value.trim() === ''
  const token = isEmpty ? {} : takeApart(field.value)
  const isToken = token.signature !== undefined
  told.className = token.problem === undefined ? 'quiet' : 'problem'
  told.textContent = token.problem ?? (isToken ? 'A JWT: a header, claims and a signature.' : '')
  field.setAttribute('aria-invalid', String(token.problem !== undefined))
  parts.replaceChildren(...(isToken ? [viewParts(token, new Text(token.signature))] : []))
}
