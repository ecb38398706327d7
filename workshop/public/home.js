// Plays the picture's steps, one after another. The style sheet draws their arrows, or only marks them for someone
// who wants less motion.

const SECONDS_PER_STEP = 2

const flow = document.querySelector('.flow')
const button = flow.querySelector('button')
const count = flow.querySelectorAll('li').length
let timer

button.hidden = false
button.addEventListener('click', () => show(timer === undefined ? 1 : undefined))

/** @param {number | undefined} step undefined for the whole picture */
function show(step) {
  clearTimeout(timer)
  const next = step < count ? step + 1 : undefined
  timer = step && setTimeout(() => show(next), SECONDS_PER_STEP * 1000)
  button.textContent = step ? 'Stop' : 'Play'
  flow.classList.toggle('playing', step !== undefined)
  for (const part of flow.querySelectorAll('[data-step]')) {
    part.classList.toggle('current', part.dataset.step === String(step))
  }
}
