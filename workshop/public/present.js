// The slides of a lesson and the teacher's notes, in two windows that move together.
import { onKeys } from './keys.js'
import { drawFigure, loadMermaid } from './page-mermaid.js'

const { version, count } = document.body.dataset
const isNotes = document.body.classList.contains('notes')
const channel = new BroadcastChannel(`oauth-lab-present-${version}`)
/** How much a slide may shrink if that saves a screen. */
const SMALLEST = 0.85
let current = Number(document.body.dataset.slide)
/** A slide has as many screens as its text needs. The current one, counted from 0, and their number. */
let screen = 0
let screens = 1

// In the window with the slides.

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
  if (event.key === 'End') goTo(Number(count), Infinity)
})

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-step], [data-to]')
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  link.closest('details')?.removeAttribute('open')
  if (link.dataset.to === undefined) move(Number(link.dataset.step))
  else goTo(Number(link.dataset.to))
})

document.addEventListener('focusin', ({ target }) => {
  const text = isNotes ? null : target.closest('.fit')
  if (text === null) return
  const distance = target.getBoundingClientRect().left - text.getBoundingClientRect().left
  goTo(current, Math.floor(distance / widthOfScreen(text)))
})

channel.addEventListener('message', ({ data }) => {
  if (data.asks) channel.postMessage({ slide: current, screen })
  else if (data.slide !== current || data.screen !== screen) show(data.slide, data.screen)
})

/** @param {number} step 1 or -1, in screens */
function move(step) {
  const isInside = screen + step >= 0 && screen + step < screens
  if (isInside) goTo(current, screen + step)
  else if (current + step >= 1 && current + step <= count) goTo(current + step, -step * Infinity)
}

/** @param {number} at the screen of that slide. A number that is too high means the last one */
function goTo(slide, at = 0) {
  if (slide === current && at === screen) return
  show(slide, at)
  channel.postMessage({ slide, screen })
}

function show(slide, at) {
  // The number of screens of the new slide isn't known yet.
  if (slide !== current) screens = 1
  current = slide
  screen = at
  const address = new URL(location.href)
  address.searchParams.set('slide', slide)
  history.replaceState(null, '', address)
  if (isNotes) return showBeside()
  for (const section of document.querySelectorAll('.slide')) {
    section.hidden = Number(section.dataset.number) !== slide
  }
  document.querySelector('#number').textContent = slide
  document.querySelector('#notes').search = `?slide=${slide}`
  fitAll()
}

/** Lays out the current slides, and counts the screens of the first. */
function fitAll() {
  const [text, next] = document.querySelectorAll('.slide:not([hidden]) .fit')
  screens = fit(text)
  screen = Math.min(Math.max(screen, 0), screens - 1)
  text.style.setProperty('--screen', screen)
  if (!isNotes) {
    document.querySelector('#screens').textContent =
      screens === 1 ? '' : ` (${screen + 1} of ${screens})`
    const done = (current - 1 + (screen + 1) / screens) / count
    document.querySelector('.progress').style.setProperty('--done', done)
  } else if (screen + 1 < screens) showRest(text.closest('.slide'))
  else if (next) fit(next)
}

/** @returns {number} its number of screens, which the browser lays out side by side as columns */
function fit(text) {
  const setAt = (size) => {
    text.style.setProperty('--fit', size)
    return countScreens(text)
  }
  const fewest = setAt(SMALLEST)
  let size = 1
  while (setAt(size) > fewest && size > SMALLEST) size -= 0.03
  return countScreens(text)
}

function countScreens(text) {
  if (getComputedStyle(text).columnCount === 'auto') return 1
  const gap = widthOfScreen(text) - text.clientWidth
  return Math.round((text.scrollWidth + gap) / widthOfScreen(text))
}

/** The width of a screen with the gap to the next one, as in present.css. */
function widthOfScreen(text) {
  return text.clientWidth * 1.05
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

/** Whether the rest of this slide comes next. */
function showRest(slide) {
  const rest = slide.cloneNode(true)
  rest.querySelector('.fit').style.setProperty('--screen', screen + 1)
  document.querySelector('.next .canvas').replaceChildren(rest)
}

async function showBeside() {
  const asked = current
  const answer = await fetch(`${location.pathname}?slide=${asked}`)
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  // The user may have moved on meanwhile.
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
  /** When the timer was started, and how long it had run before, in milliseconds. */
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
