// The traffic beside a lesson: how wide each is, the links from the lesson to a message, and the client in a window of
// its own. On a narrow screen the two are tabs.

/** How far an arrow key moves the separator, in percent. */
const STEP = 2
/** The size of the client's window, in pixels. */
const CLIENT = { width: 520, height: 720 }

const split = document.querySelector('.split')
const lesson = document.querySelector('#split-lesson')
const traffic = document.querySelector('#split-traffic')
const fold = split.querySelector('.split-fold')
const handle = split.querySelector('[role="separator"]')
const said = split.querySelector('[role="status"]')
const tabs = [...split.querySelectorAll('[role="tab"]')]
const narrow = matchMedia('(width < 900px)')

/** Where the page was scrolled to in each tab. */
const scrolled = { lesson: 0, traffic: 0 }
/** Resolves when the rows are there. */
let rows
/** The distance from the width of the lesson to the pointer that drags. */
let held

// htmx must have seen the page first.
document.addEventListener('DOMContentLoaded', arrange)
// The app may have been away when the page asked for the rows.
document.addEventListener('htmx:sseOpen', arrange)
narrow.addEventListener('change', arrange)
addEventListener('resize', tellShare)
fold.addEventListener('click', () => setFolded(split.dataset.traffic === 'open'))

handle.addEventListener('pointerdown', ({ pointerId, clientX }) => {
  handle.setPointerCapture(pointerId)
  held = clientX - lesson.offsetWidth
})
handle.addEventListener('pointermove', ({ pointerId, clientX }) => {
  if (!handle.hasPointerCapture(pointerId)) return
  setShare(((clientX - held) / split.offsetWidth) * 100)
})
handle.addEventListener('lostpointercapture', remember)
handle.addEventListener('keydown', (event) => {
  const share = shareOfLesson()
  const steps = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: 0, End: 100 }
  if (!Object.hasOwn(steps, event.key)) return
  event.preventDefault()
  setShare(steps[event.key])
  remember()
})

for (const tab of tabs) tab.addEventListener('click', () => select(tab))
split.querySelector('[role="tablist"]').addEventListener('keydown', ({ key }) => {
  if (!['ArrowLeft', 'ArrowRight'].includes(key)) return
  const other = tabs.find((tab) => tab !== document.activeElement)
  select(other)
  // The bar of tabs is in sight already.
  other.focus({ preventScroll: true })
})

document.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  const link = event.target.closest('a[data-kind], a[data-window]')
  // On a phone, every window is a tab.
  if (link === null || ('window' in link.dataset && narrow.matches)) return
  event.preventDefault()
  if ('window' in link.dataset) openWindow(link.href)
  else showNewest(link.dataset.kind)
})

/** Side by side, or as tabs. */
function arrange() {
  for (const [index, panel] of [lesson, traffic].entries()) {
    panel.role = narrow.matches ? 'tabpanel' : null
    if (narrow.matches) panel.setAttribute('aria-labelledby', tabs[index].id)
    else panel.removeAttribute('aria-labelledby')
  }
  fold.setAttribute('aria-expanded', String(split.dataset.traffic === 'open'))
  tellShare()
  if (traffic.checkVisibility()) load()
}

function setFolded(isFolded) {
  split.dataset.traffic = isFolded ? 'folded' : 'open'
  remember()
  arrange()
}

/** The style sheet limits the width. */
function setShare(percent) {
  split.style.setProperty('--lesson', `${percent}%`)
  split.style.setProperty('--lesson', `${shareOfLesson()}%`)
  tellShare()
}

function shareOfLesson() {
  return (lesson.offsetWidth / split.offsetWidth) * 100
}

function tellShare() {
  handle.setAttribute('aria-valuenow', String(Math.round(shareOfLesson())))
}

/** Read by split-early.js. */
function remember() {
  const isFolded = split.dataset.traffic === 'folded'
  const share = Number.parseFloat(split.style.getPropertyValue('--lesson'))
  try {
    localStorage.setItem('split', JSON.stringify({ isFolded, lesson: share }))
  } catch {
    // The browser keeps nothing.
  }
}

function select(tab) {
  scrolled[split.dataset.tab ?? 'lesson'] = scrollY
  for (const other of tabs) {
    other.setAttribute('aria-selected', String(other === tab))
    other.tabIndex = other === tab ? 0 : -1
  }
  split.dataset.tab = tab.dataset.tab
  scrollTo({ top: scrolled[tab.dataset.tab] })
  arrange()
}

/** Requests the rows when they are first in sight. */
function load() {
  rows ??= new Promise((resolve) => {
    document.addEventListener('htmx:load', ({ target }) => {
      if (target.id !== 'split-rows') return
      resolve(target.querySelector('#traffic') && import('./traffic.js'))
    })
  })
  if (traffic.querySelector('#split-rows:empty')) htmx.trigger('#split-rows', 'show')
  return rows
}

/** Marks the newest message of a kind, and says which one it is. */
async function showNewest(kind) {
  if (narrow.matches) select(tabs[1])
  else setFolded(false)
  await load()
  for (const row of traffic.querySelectorAll('.pointed')) row.classList.remove('pointed')
  const of = [...traffic.querySelectorAll('.row')].filter(({ dataset }) => dataset.kind === kind)
  const [newest] = of.sort((one, other) => other.dataset.order - one.dataset.order)
  const name = kind.toLowerCase()
  said.textContent = newest ? `The newest ${name} is marked.` : `No ${name} yet.`
  if (newest === undefined) return said.scrollIntoView({ block: 'nearest' })
  newest.classList.add('pointed')
  newest.scrollIntoView({ block: 'nearest' })
}

/** Beside this window if there is room, and otherwise over the lesson. */
function openWindow(href) {
  const { width } = CLIENT
  const height = Math.min(CLIENT.height, screen.availHeight)
  const end = screenX + outerWidth
  const hasRoom = end + width <= screen.availLeft + screen.availWidth
  const left = hasRoom ? end : Math.max(screenX - width, screen.availLeft)
  const top = Math.max(screenY + outerHeight - height, screen.availTop)
  open(href, '', `popup,noopener,width=${width},height=${height},left=${left},top=${top}`)
}
