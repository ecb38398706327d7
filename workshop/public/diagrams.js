// Draws the diagrams of a page, in the page's current colors.
import { drawFigure, loadMermaid } from './page-mermaid.js'

const figures = [...document.querySelectorAll('.diagram')]
/** The smallest scale at which a drawing can be read. */
const SMALLEST = 0.74

if (figures.length > 0) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  drawAll()
}

async function drawAll() {
  const mermaid = await loadMermaid({
    sequence: { useMaxWidth: true, wrap: true, width: 200, height: 44, actorMargin: 80 },
  }).catch(() => undefined)
  for (const [index, figure] of figures.entries()) {
    try {
      const picture = await drawFigure(mermaid, figure, index)
      // Keeps the words large enough to read: on a narrow page, the frame scrolls.
      picture.style.setProperty('--least', `${SMALLEST * picture.viewBox.baseVal.width}px`)
      figure.querySelector('details').open = false
    } catch {
      // The diagram is still there as text.
      figure.classList.add('undrawable')
    }
  }
}
