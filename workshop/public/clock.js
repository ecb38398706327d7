// The clock: counts down what is left of each lifetime, without asking the workshop.

/** How long something that has expired stays in sight, in seconds. */
const STAYS = 3

setInterval(tick, 1000)
document.addEventListener('htmx:afterSwap', tick)
tick()

function tick() {
  for (const item of document.querySelectorAll('.clock [data-ends]')) {
    const seconds = Math.ceil((Number(item.dataset.ends) - Date.now()) / 1000)
    if (seconds <= -STAYS) item.remove()
    item.classList.toggle('over', seconds <= 0)
    item.querySelector('.left').textContent = seconds > 0 ? `${inWords(seconds)} left,` : 'expired'
  }
}

function inWords(seconds) {
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`
}
