// What every page needs of script, beside htmx: pages stay right over a restart of the app, and
// hidden ones hold no connection. A browser has six for a host, however many tabs are open.

/** How soon a stream that was refused is asked for again, in milliseconds. */
const RETRY = 500

if (window.htmx !== undefined) htmx.createEventSource = listenWhileVisible

/**
 * The events of an address, for as long as the page is visible: a page that is opened hidden connects when somebody
 * first looks at it. To htmx it is one source that never ends.
 *
 * @param {string} url
 */
function listenWhileVisible(url) {
  const events = new EventTarget()
  /** @type {EventSource | undefined} */
  let source
  const follow = () => {
    if (document.hidden) return source?.close()
    if (source !== undefined && source.readyState !== EventSource.CLOSED) return
    source = new EventSource(url)
    source.addEventListener('open', () => events.onopen())
    source.addEventListener('message', ({ data }) => events.dispatchEvent(new Event(data)))
    // It connects again by itself, unless it was given an answer that is no stream.
    source.addEventListener('error', () => setTimeout(follow, RETRY))
  }
  document.addEventListener('visibilitychange', follow)
  // htmx sets `onopen` when it has the source.
  queueMicrotask(follow)
  return events
}

// What happened while there was no connection can't be known, be it the first moment of a page or a
// restart of the app: so everything live is asked for anew.
document.addEventListener('htmx:sseOpen', () => htmx.trigger(document.body, 'refresh'))

// An answer may be older than an event that came while it was on its way, and with the element that it
// replaces htmx forgets the event: so what takes its place asks once more.
/** @type {Set<string>} */
const outdated = new Set()
document.addEventListener('htmx:confirm', ({ target }) => {
  const busy = target.closest('.htmx-request[hx-swap="outerHTML"]')
  if (busy !== null) outdated.add(busy.id)
})
document.addEventListener('htmx:load', ({ target }) => {
  if (!outdated.delete(target.id)) return
  const [event] = /sse:\w+/.exec(target.getAttribute('hx-trigger')) ?? []
  if (event !== undefined) htmx.trigger(target, event)
})

// In a form that has no button a choice is sent as it is made.
document.addEventListener('change', ({ target }) => {
  target.closest('form[data-sends-itself]')?.requestSubmit()
})

// A refusal comes with a sentence, and is shown where the answer would have been.
document.addEventListener('htmx:responseError', ({ detail }) => {
  const text = new DOMParser().parseFromString(detail.xhr.responseText, 'text/html')
  const problem = text.querySelector('.problem')?.textContent ?? detail.xhr.responseText
  announce(problem)
})
document.addEventListener('htmx:sendError', () => {
  announce("The workshop doesn't respond. Check that npm start is still running.")
})

/** @param {string} text */
function announce(text) {
  const place = document.querySelector('#announcement') ?? document.createElement('p')
  place.id = 'announcement'
  place.setAttribute('role', 'alert')
  place.textContent = text
  document.body.append(place)
  setTimeout(() => place.remove(), 8000)
}
