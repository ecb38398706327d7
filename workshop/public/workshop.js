// The script of every page, besides htmx: pages stay up to date over a restart of the app, and hidden
// ones hold no connection. A browser has six per host, however many tabs are open.

/** The delay before a rejected stream is requested again, in milliseconds. */
const RETRY = 500

if (window.htmx !== undefined) htmx.createEventSource = listenWhileVisible

/**
 * The events of an address while the page is visible. A page opened in a hidden tab connects when it first becomes
 * visible. To htmx it is one source that never ends.
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
    // It reconnects by itself, unless the response wasn't a stream.
    source.addEventListener('error', () => setTimeout(follow, RETRY))
  }
  document.addEventListener('visibilitychange', follow)
  // htmx sets `onopen` once it has the source.
  queueMicrotask(follow)
  return events
}

// Events without a connection are lost, at the start of a page or during a restart of the app. So every
// live part is requested again.
document.addEventListener('htmx:sseOpen', () => htmx.trigger(document.body, 'refresh'))

// A response may be older than an event that arrived meanwhile, and htmx forgets the event with the
// replaced element. So the new element sends another request.
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

// A form without a button is sent on every change.
document.addEventListener('change', ({ target }) => {
  target.closest('form[data-sends-itself]')?.requestSubmit()
})

// An error has a message, shown where the response would have been.
document.addEventListener('htmx:responseError', ({ detail }) => {
  const text = new DOMParser().parseFromString(detail.xhr.responseText, 'text/html')
  const problem = text.querySelector('.problem')?.textContent ?? detail.xhr.responseText
  announce(problem)
})
document.addEventListener('htmx:sendError', () => {
  announce("The workshop doesn't respond. Check that npm start is still running.")
})

/** @param {string} text */
export function announce(text) {
  const place = document.querySelector('#announcement') ?? document.createElement('p')
  place.id = 'announcement'
  place.setAttribute('role', 'alert')
  place.textContent = text
  document.body.append(place)
  setTimeout(() => place.remove(), 8000)
}
