/**
 * Loads mermaid, set up with the page's current colors.
 *
 * @param {object} config further settings
 */
export async function loadMermaid(config) {
  // The handout contains mermaid. On other pages, the name may refer to an element with this id.
  const isLoaded = globalThis.mermaid?.initialize !== undefined
  const mermaid = isLoaded
    ? globalThis.mermaid
    : (await import('/vendor/mermaid/mermaid.esm.min.mjs')).default
  mermaid.initialize({
    startOnLoad: false,
    theme: 'base',
    themeVariables: colors(),
    fontFamily: getComputedStyle(document.body).fontFamily,
    ...config,
    // Leaves room for the bubble of the last message, which a narrower margin cuts off.
    sequence: { mirrorActors: false, diagramMarginY: 20, ...config.sequence },
  })
  return mermaid
}

/**
 * Draws a diagram of a page in its figure.
 *
 * @returns {Promise<SVGElement>} the drawing
 */
export async function drawFigure(mermaid, figure, index) {
  const { svg } = await mermaid.render(`diagram-${index}`, figure.querySelector('pre').textContent)
  const drawing = figure.querySelector('.drawing')
  drawing.innerHTML = svg
  const picture = drawing.querySelector('svg')
  picture.setAttribute('role', 'img')
  picture.setAttribute('aria-label', figure.querySelector('figcaption').textContent)
  picture.removeAttribute('aria-roledescription')
  figure.classList.add('drawn')
  return picture
}

/** Mermaid calculates with colors, so it needs the computed colors of the page. */
function colors() {
  const probe = document.createElement('span')
  document.body.append(probe)
  const colorOf = (name) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const [text, quiet, line, surface, raised] = ['text', 'quiet', 'line', 'surface', 'raised'].map(
    colorOf,
  )
  probe.remove()
  return {
    darkMode: matchMedia('(prefers-color-scheme: dark)').matches,
    background: surface,
    primaryColor: raised,
    primaryTextColor: text,
    primaryBorderColor: quiet,
    lineColor: quiet,
    textColor: text,
    actorLineColor: line,
    noteBkgColor: surface,
    noteBorderColor: line,
    noteTextColor: text,
    sequenceNumberColor: surface,
  }
}
