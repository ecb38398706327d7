// The button that copies the path of the folder to write in. Parts of the page are replaced all the time, so the
// listener is on the document.

const SHOWN = 2000

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element ? target.closest('[data-copy]') : null
  if (!(button instanceof HTMLElement)) return
  const before = button.textContent
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? '')
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Select it and copy it by hand'
  }
  setTimeout(() => {
    button.textContent = before
  }, SHOWN)
})
