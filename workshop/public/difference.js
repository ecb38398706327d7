// The difference, hunk by hunk: n and p, two buttons, and a mark at the current hunk. The switch between one and two
// columns changes the page in place and updates the address.

import { onKeys } from './keys.js'

const difference = document.querySelector('#difference')
const hunks = [...document.querySelectorAll('.hunk-place')]
const bar = document.querySelector('.hunk-bar')
const calm = matchMedia('(prefers-reduced-motion: reduce)')
/** As in hunks.css: by default, the width decides between one and two columns. */
const isWide = matchMedia('(min-width: 761px)')

let current = 0
/** Whether the reader scrolls the page, rather than a key. */
let scrollsByHand = true

if (bar !== null) {
  bar.hidden = false
  document.querySelector('#next-hunk').addEventListener('click', () => go(current + 1))
  document.querySelector('#previous-hunk').addEventListener('click', () => go(current - 1))
  for (const event of ['wheel', 'touchmove', 'pointerdown', 'keydown']) {
    document.addEventListener(
      event,
      () => {
        scrollsByHand = true
      },
      { passive: true },
    )
  }
  onKeys({ n: () => go(current + 1), p: () => go(current - 1) })
  document.addEventListener('scroll', () => scrollsByHand && mark(hunkInSight()), { passive: true })
  window.addEventListener('hashchange', showAsked)
  showAsked()
}
for (const link of document.querySelectorAll('[data-view]')) {
  link.addEventListener('click', (event) => switchView(event, link))
}
if (document.querySelector('[data-view][aria-current]') === null) {
  isWide.addEventListener('change', markViewOfWidth)
  markViewOfWidth()
}
letKeysScroll()
addEventListener('resize', letKeysScroll)

/** Goes to a hunk, if one has that number. */
function go(number) {
  scrollsByHand = false
  const hunk = hunks[number - 1]
  if (hunk === undefined) return
  mark(number)
  hunk.scrollIntoView({ behavior: calm.matches ? 'auto' : 'smooth', block: 'start' })
  hunk.focus({ preventScroll: true })
  history.replaceState(null, '', `#${hunk.id}`)
}

/** Marks the current hunk. */
function mark(number) {
  hunks[current - 1]?.classList.remove('current')
  current = number
  const hunk = hunks[number - 1]
  hunk?.classList.add('current')
  document.querySelector('#hunk-count').textContent =
    number === 0 ? `${hunks.length} hunks` : `${number} of ${hunks.length}`
  document.querySelector('#hunk-file').textContent =
    hunk?.closest('.file').querySelector('.path').textContent ?? ''
  document.querySelector('#previous-hunk').disabled = number <= 1
  document.querySelector('#next-hunk').disabled = number === hunks.length
}

/** The last hunk that starts in the upper part of the window, or 0 above the first. */
function hunkInSight() {
  const line = innerHeight * 0.4
  return hunks.findLastIndex((hunk) => hunk.getBoundingClientRect().top < line) + 1
}

/** An address may name a hunk, or a file. */
function showAsked() {
  const asked = location.hash === '' ? null : document.getElementById(location.hash.slice(1))
  const hunk = asked?.matches('.hunk-place') ? asked : asked?.querySelector('.hunk-place')
  scrollsByHand = hunk === undefined || hunk === null
  mark(hunk ? Number(hunk.dataset.number) : hunkInSight())
}

/** @param {MouseEvent} event */
function switchView(event, link) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  difference.classList.remove('side-by-side', 'unified')
  difference.classList.add(link.dataset.view)
  isWide.removeEventListener('change', markViewOfWidth)
  markView(link.dataset.view)
  history.replaceState(null, '', link.getAttribute('href') + location.hash)
  hunks[current - 1]?.scrollIntoView({ block: 'start' })
  letKeysScroll()
}

function markViewOfWidth() {
  markView(isWide.matches ? 'side-by-side' : 'unified')
}

/** Marks the link of the current layout. */
function markView(view) {
  for (const link of document.querySelectorAll('[data-view]')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}

/** Makes frames with wide content scrollable by keyboard. */
function letKeysScroll() {
  for (const frame of document.querySelectorAll('.hunk .code')) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0
    else frame.removeAttribute('tabindex')
  }
}
