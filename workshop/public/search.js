// The search in a dialog, which / opens, and the arrow keys in its results.

import { onKeys } from './keys.js'

/** None on the page of the search, which has its own field. */
const dialog = document.querySelector('dialog.search')
const field = document.querySelector('.search-form [type="search"]')
const found = document.querySelector('.found')

onKeys({ '/': openSearch })
document.querySelector('.to-search').addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  openSearch()
})

function openSearch() {
  dialog?.showModal()
  field.focus()
  field.select()
  // The first search takes longer, so it is done before the user has typed.
  htmx.trigger(field.form, 'search')
}

/** The text that the results are for. */
let asked = ''
document.addEventListener('htmx:afterSwap', ({ detail, target }) => {
  if (target === found) asked = detail.requestConfig.parameters.q
})

document.addEventListener('keydown', (event) => {
  // In a search field with text, Escape would only clear it.
  if (event.key === 'Escape') dialog?.close()
  const isHere = field.form.contains(event.target) || found.contains(event.target)
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!isHere || step === undefined) return
  event.preventDefault()
  const places = [field, ...found.querySelectorAll('a')]
  places[places.indexOf(document.activeElement) + step]?.focus()
})

// Enter opens the first result, if the results are those of the text in the field.
field.form.addEventListener('submit', (event) => {
  const first = found.querySelector('a')
  if (dialog === null || first === null || asked !== field.value) return
  event.preventDefault()
  first.click()
})

// A result may be on the same page.
dialog?.addEventListener('click', ({ target }) => {
  if (target.closest('.found a') !== null) dialog.close()
})
