// The slides of a lesson and the teacher's notes, in two windows that move together.
import { onKeys } from './keys.js'
import { drawFigure, loadMermaid } from './page-mermaid.js'

const { version, count } = document.body.dataset
const isNotes = document.body.classList.contains('notes')
const channel = new BroadcastChannel(`oauth-lab-present-${version}`)
/** How large and how small the text of a slide may be, of its usual size. */
const LARGEST = 1.3
const SMALLEST = 0.4
let current = Number(document.body.dataset.slide)

const STEPS = {
  ArrowRight: 1,
  ArrowDown: 1,
  PageDown: 1,
  ' ': 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  PageUp: -1,
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const isPressing = event.target.closest('button, a, summary') !== null
  if (event.key === ' ' && isPressing) return
  const step = event.key === ' ' && event.shiftKey ? -1 : STEPS[event.key]
  if (step !== undefined) {
    event.preventDefault()
    move(step)
  }
  if (event.key === 'Home') goTo(1)
  if (event.key === 'End') goTo(Number(count))
})

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-step], [data-to]')
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  link.closest('details')?.removeAttribute('open')
  if (link.dataset.to === undefined) move(Number(link.dataset.step))
  else goTo(Number(link.dataset.to))
})

// Events of `details` don't bubble, but can be captured. An answer makes its slide longer.
document.addEventListener('toggle', fitAll, true)

channel.addEventListener('message', ({ data }) => {
  if (data.asks) channel.postMessage({ slide: current })
  else if (data.slide !== current) show(data.slide)
})

/** @param {number} step 1 or -1 */
function move(step) {
  if (current + step >= 1 && current + step <= count) goTo(current + step)
}

function goTo(slide) {
  if (slide === current) return
  show(slide)
  channel.postMessage({ slide })
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
  document.querySelector('#notes').search = `?slide=${slide}`
  document.querySelector('.progress').style.setProperty('--done', slide / count)
  fitAll()
}

/** The text of each shown slide is as large as fits. The browser measures it. */
function fitAll() {
  for (const text of document.querySelectorAll('.slide:not([hidden]) .fit')) {
    let size = LARGEST
    const setSize = () => text.style.setProperty('--fit', size)
    for (setSize(); isTooLarge(text) && size > SMALLEST; setSize()) size -= 0.03
  }
}

function isTooLarge({ parentElement: frame }) {
  return frame.scrollHeight > frame.clientHeight || frame.scrollWidth > frame.clientWidth
}

// Diagrams.

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)

async function drawAll() {
  const figures = [...document.querySelectorAll('.diagram')]
  if (figures.length === 0) return
  const mermaid = await loadMermaid({
    fontSize: 24,
    // Wide and low, like a slide.
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
    const picture = await drawFigure(mermaid, figure, index)
    // Removes its own width: here it fills the slide.
    picture.removeAttribute('style')
  }
  fitAll()
}

// Only for the slides.

function openNotes() {
  const notes = document.querySelector('#notes')
  window.open(notes.href, notes.target, 'width=1200,height=800')
}

function fillScreen() {
  if (document.fullscreenElement === null) document.documentElement.requestFullscreen()
  else document.exitFullscreen()
}

function beginSlides() {
  onKeys({ s: openNotes, f: fillScreen })
  const full = document.querySelector('#full')
  full.hidden = !document.fullscreenEnabled
  full.addEventListener('click', fillScreen)
  for (const edge of document.querySelectorAll('.edge')) edge.hidden = false
  document.querySelector('#notes').addEventListener('click', (event) => {
    event.preventDefault()
    openNotes()
  })
  // A link must not replace the slide on the projector.
  for (const link of document.querySelectorAll('.slide a')) link.target = '_blank'
  new ResizeObserver(fitAll).observe(document.querySelector('.canvas'))
}

// Only for the notes.

async function showBeside() {
  const asked = current
  const answer = await fetch(`${location.pathname}?slide=${asked}`)
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  // The user may have moved on meanwhile.
  if (asked !== current) return
  for (const part of ['#beside', '#said']) {
    document.querySelector(part).replaceWith(page.querySelector(part))
  }
  await drawAll()
  fitAll()
}

function beginNotes() {
  const minutes = Number(document.body.dataset.minutes)
  const clock = document.querySelector('#clock')
  const elapsed = document.querySelector('#elapsed')
  const pause = document.querySelector('#pause')
  /** When the timer was started, and how long it had run before, in milliseconds. */
  let since
  let before = 0

  const tick = () => {
    clock.textContent = new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    const seconds = Math.floor((before + (since === undefined ? 0 : Date.now() - since)) / 1000)
    elapsed.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    elapsed.classList.toggle('bad', seconds > minutes * 60)
  }
  pause.addEventListener('click', () => {
    if (since === undefined) since = Date.now()
    else {
      before += Date.now() - since
      since = undefined
    }
    pause.textContent = since === undefined ? 'Resume' : 'Pause'
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
