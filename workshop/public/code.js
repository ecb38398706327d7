// Marks the lines in the address: #L12, or #L12-L20. A shift-click on a number sets the second one.

const RANGE = /^#L(\d+)(?:-L(\d+))?$/

addEventListener('hashchange', mark)
mark()

for (const link of document.querySelectorAll('.line-number')) link.addEventListener('click', extend)

function mark() {
  for (const row of document.querySelectorAll('.row.marked')) row.classList.remove('marked')
  const [, first, last = first] = RANGE.exec(location.hash) ?? []
  if (first === undefined) return
  for (let number = Number(first); number <= Number(last); number += 1) {
    document.querySelector(`#L${number}`)?.classList.add('marked')
  }
  document.querySelector(`#L${first}`)?.scrollIntoView({ block: 'center' })
}

/** @param {MouseEvent} event */
function extend(event) {
  const [, first] = RANGE.exec(location.hash) ?? []
  if (!event.shiftKey || first === undefined) return
  event.preventDefault()
  const other = Number(event.currentTarget.hash.slice('#L'.length))
  const [from, to] = [Number(first), other].sort((one, two) => one - two)
  location.hash = `#L${from}-L${to}`
}
