// Shows a story all at once, or one step at a time with two buttons or the keys n and p.

import { onKeys } from './keys.js'

document.addEventListener('htmx:afterSettle', () => setUp(true))
document.addEventListener('click', onClick)
onKeys({ n: () => move(1), p: () => move(-1) })
setUp(false)

/** @param {boolean} isNew whether the user just started the play */
function setUp(isNew) {
  for (const play of document.querySelectorAll('.play.played:not([data-shown])')) {
    const hasSteps = countSteps(play) > 0
    play.querySelector('.stepper').hidden = !hasSteps
    show(play, play.dataset.pace === 'steps' && hasSteps ? 1 : Infinity)
    if (!isNew) continue
    play.querySelector('h2').focus({ preventScroll: true })
    play.scrollIntoView({ block: 'nearest' })
  }
}

/** The number of steps of the longest story. */
function countSteps(play) {
  return Math.max(...Array.from(play.querySelectorAll('.steps'), (steps) => steps.children.length))
}

/** Shows this many steps of each story. One more than there are shows the end, Infinity all at once. */
function show(play, wanted) {
  const count = countSteps(play)
  const isStepping = wanted !== Infinity
  const shown = Math.min(Math.max(wanted, 1), count + 1)
  const isOver = shown > count
  play.dataset.shown = shown
  play.classList.toggle('stepping', isStepping)
  for (const steps of play.querySelectorAll('.steps')) {
    for (const [index, step] of [...steps.children].entries()) {
      step.hidden = index >= shown
      step.classList.toggle('current', !isOver && index === shown - 1)
    }
  }
  for (const end of play.querySelectorAll('.verdict, h3 .result')) end.hidden = !isOver
  for (const button of play.querySelectorAll('.stepper button')) {
    const { step } = button.dataset
    button.hidden = isStepping === (step === 'begin')
    button.disabled = step === 'back' ? shown === 1 : step === 'next' && isOver
  }
  const place = isOver ? 'The end' : `Step ${shown} of ${count}`
  play.querySelector('.step-count').textContent = isStepping ? place : ''
  if (!isStepping) return
  const newest = [...play.querySelectorAll('.step.current, .verdict:not([hidden])')].at(-1)
  newest?.scrollIntoView({ block: 'nearest' })
}

/** @param {MouseEvent} event */
function onClick({ target }) {
  const button = target.closest('.stepper button')
  if (button === null) return
  const play = button.closest('.play')
  const shown = Number(play.dataset.shown)
  show(play, { begin: 1, back: shown - 1, next: shown + 1, all: Infinity }[button.dataset.step])
}

/** With several stories on a page, the keys control the last one. */
function move(step) {
  const play = [...document.querySelectorAll('.play.stepping')].at(-1)
  if (play) show(play, Number(play.dataset.shown) + step)
}
