// What every page needs of script, beside htmx: pages stay right over a restart of the app, and
// hidden ones hold no connection. A browser has six for a host, however many tabs are open.

/** @type {EventSource | undefined} */
let source

if (window.htmx !== undefined) {
  htmx.createEventSource = (url) => {
    source = new EventSource(url)
    return source
  }
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

document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close()
  // The extension connects again when it hears of an error on a closed source.
  else if (source?.readyState === EventSource.CLOSED) source.dispatchEvent(new Event('error'))
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
  announce('The workshop does not answer. Is npm start still running?')
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
