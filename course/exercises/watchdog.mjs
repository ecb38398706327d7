import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { SourceMap } from 'node:module'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

// Loaded into each program that a check runs. If a loop never ends and blocks the program, a second
// thread reports where.

const BEAT = 100
/** Milliseconds without a beat after which the program counts as blocked. */
const PATIENCE = 2_000

if (isMainThread) watchThisThread()
else watchMainThread()

function watchThisThread() {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(beats, 0, 1), BEAT).unref()
  new Worker(new URL(import.meta.url), { workerData: beats, execArgv: [] }).unref()
  // A program that listens nowhere ends by itself.
  process.channel?.unref()
}

function watchMainThread() {
  const beats = workerData
  let [last, since] = [-1, performance.now()]
  let told = false
  setInterval(() => {
    const now = Atomics.load(beats, 0)
    if (now !== last) {
      last = now
      since = performance.now()
    } else if (!told && performance.now() - since > PATIENCE) {
      told = true
      tellWhereItRuns()
    }
  }, BEAT)
}

function tellWhereItRuns() {
  const scripts = new Map()
  const session = new Session()
  session.connectToMainThread()
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params))
  session.on('Debugger.paused', ({ params }) => {
    const places = params.callFrames.map(({ location }) => placeOf(location, scripts))
    for (const place of places.filter((text) => text !== undefined))
      writeSync(2, `\nblocked at ${place}`)
    writeSync(2, '\n')
    session.post('Debugger.resume')
  })
  session.post('Debugger.enable', () => session.post('Debugger.pause'))
}

/** Debuggers and source maps count lines from 0, people from 1. */
function placeOf({ scriptId, lineNumber, columnNumber }, scripts) {
  const { url, sourceMapURL } = scripts.get(scriptId) ?? {}
  if (!url?.startsWith('file:')) return undefined
  const encoded = /^data:application\/json[^,]*;base64,(.+)$/.exec(sourceMapURL ?? '')?.[1]
  if (encoded === undefined) return `${url}:${lineNumber + 1}`
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString()))
  const { originalLine = lineNumber } = map.findEntry(lineNumber, columnNumber)
  return `${url}:${originalLine + 1}`
}
