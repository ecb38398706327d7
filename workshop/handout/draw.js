// Draws the diagrams of the handout, which has Mermaid in it. One that can't be drawn is still there as text.

mermaid.initialize({
  startOnLoad: false,
  theme: 'base',
  themeVariables: {
    background: '#ffffff',
    primaryColor: '#f2f5f8',
    primaryTextColor: '#1b232c',
    primaryBorderColor: '#55616e',
    lineColor: '#55616e',
    actorLineColor: '#cfd7df',
    noteBkgColor: '#ffffff',
    noteBorderColor: '#cfd7df',
    noteTextColor: '#1b232c',
    sequenceNumberColor: '#ffffff',
  },
  fontFamily: getComputedStyle(document.body).fontFamily,
  sequence: {
    mirrorActors: false,
    messageMargin: 20,
    diagramMarginY: 16,
    noteMargin: 6,
    width: 200,
    height: 40,
    actorMargin: 60,
  },
})
const figures = [...document.querySelectorAll('.diagram')]
for (const [index, figure] of figures.entries()) {
  mermaid
    .render(`diagram-${index}`, figure.querySelector('pre').textContent)
    .then(({ svg }) => {
      const drawing = figure.querySelector('.drawing')
      drawing.innerHTML = svg
      const picture = drawing.querySelector('svg')
      picture.style.maxWidth = '46rem'
      picture.setAttribute('role', 'img')
      picture.setAttribute('aria-label', figure.querySelector('figcaption').textContent)
      figure.classList.add('drawn')
    })
    .catch(() => {})
}
