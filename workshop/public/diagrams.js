// Draws the diagrams of a page, in the page's current colors.
import { loadMermaid } from './page-mermaid.js'

const diagrams = [...document.querySelectorAll('.diagram')].map((figure) => ({
  figure,
  drawing: figure.querySelector('.drawing'),
  details: figure.querySelector('details'),
  source: figure.querySelector('pre').textContent,
  name: figure.querySelector('figcaption').textContent,
}))
/** The smallest scale at which a drawing can be read. */
const SMALLEST = 0.8
const dark = matchMedia('(prefers-color-scheme: dark)')

if (diagrams.length > 0) {
  dark.addEventListener('change', drawAll)
  drawAll()
}

async function drawAll() {
  const mermaid = await loadMermaid({
    sequence: {
      useMaxWidth: true,
      wrap: true,
      width: 200,
      height: 44,
      actorMargin: 80,
    },
  }).catch(() => undefined)
  for (const [index, diagram] of diagrams.entries()) await draw(mermaid, diagram, index)
}

/** A diagram that can't be drawn stays as text. */
async function draw(mermaid, { figure, drawing, details, source, name }, index) {
  try {
    const { svg } = await mermaid.render(`diagram-${index}`, source)
    drawing.innerHTML = svg
    const picture = drawing.querySelector('svg')
    picture.setAttribute('role', 'img')
    picture.setAttribute('aria-label', name)
    picture.removeAttribute('aria-roledescription')
    // A drawing barely shrinks: its frame scrolls before its words get too small.
    picture.style.setProperty('--least', `${SMALLEST * picture.viewBox.baseVal.width}px`)
    details.open = false
    figure.classList.add('drawn')
  } catch {
    figure.classList.add('undrawable')
  }
}
