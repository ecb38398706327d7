// Runs while the page is read, before a lesson is shown: whether the traffic is beside it, and how wide the lesson is.
{
  const split = document.currentScript.parentElement
  let remembered = {}
  try {
    remembered = JSON.parse(localStorage.getItem('split')) ?? {}
  } catch {
    // Nothing is remembered, or the browser keeps nothing.
  }
  split.dataset.traffic = remembered.isFolded ? 'folded' : 'open'
  split.style.setProperty('--lesson', `${Number(remembered.lesson) || 60}%`)
}
