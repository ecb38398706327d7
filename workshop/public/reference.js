// A field that keeps only the parts with all the typed words.

const box = document.querySelector('.filter')
const field = box?.querySelector('input')
const status = box?.querySelector('[role="status"]')
const entries = textEntries()

if (box && field) {
  box.hidden = false
  field.addEventListener('input', filter)
  // A page restored by the browser may also restore the typed words.
  addEventListener('pageshow', filter)
  addEventListener('hashchange', showTarget)
}

/** A text, split at its headings. A second-level part includes everything below it without its own heading. */
function textEntries() {
  const found = []
  for (const element of document.querySelector('[data-filter-text]')?.children ?? []) {
    if (/^H[23]$/.test(element.tagName)) found.push({ elements: [], text: '', id: element.id })
    const entry = found.at(-1)
    entry?.elements.push(element)
    if (entry) entry.text += ` ${element.textContent.toLowerCase()}`
  }
  return found
}

function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
  let count = 0
  for (const { elements, text, id } of entries) {
    const fits = words.every((word) => text.includes(word))
    if (fits) count += 1
    for (const element of elements) element.hidden = !fits
    for (const link of document.querySelectorAll(
      `.outline-folded [href="#${id}"], .outline [href="#${id}"]`,
    )) {
      link.parentElement.hidden = !fits
    }
  }
  status.textContent = words.length === 0 ? '' : `${count} found`
}

/** The target of a link is shown, whatever was typed. */
function showTarget() {
  const target = document.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`)
  if (!target?.hidden) return
  field.value = ''
  filter()
  target.scrollIntoView()
}
