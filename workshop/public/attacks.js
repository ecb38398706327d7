// Shows a story all at once, or one step at a time with two buttons or the keys n and p.

const plays = new WeakMap()

document.addEventListener('htmx:afterSettle', () => {
  for (const play of document.querySelectorAll('.play.played')) setUp(play, true)
})
for (const play of document.querySelectorAll('.play.played')) setUp(play, false)
document.addEventListener('keydown', onKey)

/**
 * @param {HTMLElement} play
 * @param {boolean} isNew whether the user just started it
 */
function setUp(play, isNew) {
  if (plays.has(play)) return
  const stories = [...play.querySelectorAll('.story')].map((story) => ({
    steps: [...story.querySelectorAll('.step')],
    verdict: story.querySelector('.verdict'),
    result: story.querySelector('h3 .result'),
  }))
  const count = Math.max(...stories.map(({ steps }) => steps.length))
  const state = { play, stories, count, shown: 0, isStepping: false }
  plays.set(play, state)

  const stepper = play.querySelector('.stepper')
  stepper.hidden = count === 0
  const actions = {
    begin: () => step(state, 1),
    next: () => step(state, state.shown + 1),
    back: () => step(state, state.shown - 1),
    all: () => showAll(state),
  }
  for (const button of stepper.querySelectorAll('button')) {
    button.addEventListener('click', () => actions[button.dataset.step]())
  }
  if (play.dataset.pace === 'steps' && count > 0) step(state, 1)
  else showAll(state)
  if (!isNew) return
  play.querySelector('h2').focus({ preventScroll: true })
  play.scrollIntoView({ block: 'nearest' })
}

/** Shows a step of each story, counting from 1. The number after the last step shows the end. */
function step(state, wanted) {
  state.isStepping = true
  draw(state, Math.min(Math.max(wanted, 1), state.count + 1))
  const newest = [...state.play.querySelectorAll('.step.current, .verdict:not([hidden])')].at(-1)
  newest?.scrollIntoView({ block: 'nearest' })
}

function showAll(state) {
  state.isStepping = false
  draw(state, state.count + 1)
}

function draw(state, shown) {
  const { play, stories, count, isStepping } = state
  const isOver = shown > count
  state.shown = shown
  play.classList.toggle('stepping', isStepping)
  for (const { steps, verdict, result } of stories) {
    for (const [index, item] of steps.entries()) {
      item.hidden = index >= shown
      item.classList.toggle('current', !isOver && index === shown - 1)
    }
    verdict.hidden = !isOver
    if (result !== null) result.hidden = !isOver
  }
  const button = (name) => play.querySelector(`[data-step="${name}"]`)
  button('begin').hidden = isStepping
  for (const name of ['back', 'next', 'all']) button(name).hidden = !isStepping
  button('back').disabled = shown <= 1
  button('next').disabled = isOver
  play.querySelector('.step-count').textContent = describeStep(state)
}

function describeStep({ shown, count, isStepping }) {
  if (!isStepping) return ''
  return shown > count ? 'The end' : `Step ${shown} of ${count}`
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !['n', 'p'].includes(event.key)) return
  if (event.target instanceof HTMLElement && event.target.matches('input, textarea, select')) return
  // With several stories on a page, the keys control the last one.
  const all = [...document.querySelectorAll('.play.stepping')]
  const state = plays.get(all.at(-1))
  if (state === undefined) return
  step(state, state.shown + (event.key === 'n' ? 1 : -1))
}
