// The slides of a lesson and the teacher's notes: two windows of the same lesson move together.
import { loadMermaid } from './page-mermaid.js'

const { version, count } = document.body.dataset
const isNotes = document.body.classList.contains('notes')
const channel = new BroadcastChannel(`oauth-lab-present-${version}`)
const LEAST_FIT = 0.6
let current = Number(document.body.dataset.slide)

// Where the slides are.

const STEPS = {
  ArrowRight: 1,
  ArrowDown: 1,
  PageDown: 1,
  ' ': 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  PageUp: -1,
  Home: -Infinity,
  End: Infinity,
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const isPressing = event.target.closest('button, a, summary') !== null
  if (event.key === ' ' && isPressing) return
  const step = event.key === ' ' && event.shiftKey ? -1 : STEPS[event.key]
  if (step !== undefined) {
    event.preventDefault()
    goTo(current + step)
  }
  if (event.key === 'n' && !isNotes) openNotes()
  if (event.key === 'f' && !isNotes) fillScreen()
})

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-step], [data-to]')
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  link.closest('details')?.removeAttribute('open')
  goTo(
    link.dataset.to === undefined ? current + Number(link.dataset.step) : Number(link.dataset.to),
  )
})

channel.addEventListener('message', ({ data }) => {
  if (data.asks) channel.postMessage({ slide: current })
  else if (data.slide !== current) show(data.slide)
})

function goTo(wanted) {
  const slide = Math.min(Math.max(wanted, 1), Number(count))
  if (slide === current) return
  channel.postMessage({ slide })
  show(slide)
}

function show(slide) {
  current = slide
  const address = new URL(location.href)
  address.searchParams.set('slide', slide)
  history.replaceState(null, '', address)
  if (isNotes) return showBeside()
  for (const section of document.querySelectorAll('.slide')) {
    section.hidden = Number(section.dataset.number) !== slide
  }
  document.querySelector('#number').textContent = slide
  document.querySelector('.progress').style.setProperty('--done', slide / count)
  document.querySelector('#notes').search = `?slide=${slide}`
  return fitAll()
}

/** What is fuller than it was counted gets smaller, until it fits. */
function fitAll() {
  for (const body of document.querySelectorAll('.slide:not([hidden]) .slide-body')) {
    const fit = body.querySelector('.fit')
    fit.style.removeProperty('--fit')
    let size = 1
    while (isTooFull(body) && size > LEAST_FIT) {
      size -= 0.02
      fit.style.setProperty('--fit', size.toFixed(2))
    }
  }
}

function isTooFull(body) {
  return body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1
}

// Diagrams.

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)

async function drawAll() {
  const figures = [...document.querySelectorAll('.diagram')]
  if (figures.length === 0) return
  const mermaid = await loadMermaid({
    fontSize: 24,
    // Wide and low, as a slide is.
    sequence: {
      width: 260,
      height: 46,
      actorMargin: 60,
      messageMargin: 22,
      noteMargin: 5,
      boxMargin: 5,
      diagramMarginX: 5,
      diagramMarginY: 14,
    },
  })
  for (const [index, figure] of figures.entries()) {
    const { svg } = await mermaid.render(
      `diagram-${index}`,
      figure.querySelector('pre').textContent,
    )
    const drawing = figure.querySelector('.drawing')
    drawing.innerHTML = svg
    const picture = drawing.querySelector('svg')
    picture.setAttribute('role', 'img')
    picture.setAttribute('aria-label', figure.querySelector('figcaption').textContent)
    picture.removeAttribute('aria-roledescription')
    // Its own width; here it fills the slide.
    picture.removeAttribute('style')
    figure.classList.add('drawn')
  }
  fitAll()
}

// The slides alone.

function openNotes() {
  const notes = document.querySelector('#notes')
  window.open(notes.href, notes.target, 'width=1200,height=800')
}

function fillScreen() {
  if (document.fullscreenElement === null) document.documentElement.requestFullscreen()
  else document.exitFullscreen()
}

function beginSlides() {
  const full = document.querySelector('#full')
  full.hidden = !document.fullscreenEnabled
  full.addEventListener('click', fillScreen)
  for (const edge of document.querySelectorAll('.edge')) edge.hidden = false
  document.querySelector('#notes').addEventListener('click', (event) => {
    event.preventDefault()
    openNotes()
  })
  // What a slide leads to must not take its place on the wall.
  for (const link of document.querySelectorAll('.slide a')) link.target = '_blank'
  new ResizeObserver(fitAll).observe(document.querySelector('.canvas'))
}

// The notes alone.

async function showBeside() {
  const asked = current
  const answer = await fetch(`${location.pathname}?slide=${asked}`)
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  // Somebody may have gone on meanwhile.
  if (asked !== current) return
  document.querySelector('#beside').replaceWith(page.querySelector('#beside'))
  await drawAll()
  fitAll()
}

function beginNotes() {
  const minutes = Number(document.body.dataset.minutes)
  const clock = document.querySelector('#clock')
  const elapsed = document.querySelector('#elapsed')
  const pause = document.querySelector('#pause')
  /** When it was started, and how long it had run before, in milliseconds. */
  let since
  let before = 0

  const tick = () => {
    clock.textContent = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    const seconds = Math.floor((before + (since === undefined ? 0 : Date.now() - since)) / 1000)
    elapsed.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    elapsed.classList.toggle('over', seconds > minutes * 60)
  }
  pause.addEventListener('click', () => {
    if (since === undefined) since = Date.now()
    else {
      before += Date.now() - since
      since = undefined
    }
    pause.textContent = since === undefined ? 'Go on' : 'Pause'
    tick()
  })
  document.querySelector('#reset').addEventListener('click', () => {
    before = 0
    if (since !== undefined) since = Date.now()
    tick()
  })
  document.querySelector('.clock').hidden = false
  setInterval(tick, 500)
  tick()
  channel.postMessage({ asks: true })
}

if (isNotes) beginNotes()
else beginSlides()
fitAll()
drawAll()
