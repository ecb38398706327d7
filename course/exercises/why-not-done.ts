import type { Finding } from './check-copy.ts'

/**
 * Why a check fails and where to look, or which checks it waits for: those that fail, not those that
 * wait themselves. Empty for one that passes.
 */
export function whyNotDone(finding: Finding, all: Finding[]): string {
  if (finding.status === 'open') return `${asSentence(finding.seen)}. Look at ${finding.place}.`
  if (finding.status === 'done') return ''
  if (finding.sentence.on === 'both') return 'Waiting for all other checks.'
  const failing = finding.for.filter((sentence) => {
    return all.some((other) => other.sentence === sentence && other.status === 'open')
  })
  const numbers = (failing.length > 0 ? failing : finding.for).map((sentence) => {
    return String(all.findIndex((other) => other.sentence === sentence) + 1)
  })
  const last = numbers.pop()
  if (numbers.length === 0) return `Waiting for check ${last}.`
  return `Waiting for checks ${numbers.join(', ')} and ${last}.`
}

function asSentence(text: string): string {
  // Not a path or a name in code, which stays as it is.
  return /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}
