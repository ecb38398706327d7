// Buttons that copy a text: a command, a path or a link. Parts of a page are replaced often, so the document listens.

const SHOWN = 2000

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]')
  if (button === null) return
  button.dataset.label ??= button.textContent
  try {
    await navigator.clipboard.writeText(button.dataset.copy)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Select it and copy it by hand'
  }
  setTimeout(() => {
    button.textContent = button.dataset.label
  }, SHOWN)
})
