import { dirname, join, relative, sep } from 'node:path'
import { differencePage } from '@oauth-lab/course/differences/step.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, ROOT, type Version } from '@oauth-lab/course/programs/versions.ts'
import { SHARED_FOLDERS } from './code-places.ts'
import { DIFFERENCE, hrefOf, OPENING, pageOf } from './outline.ts'

/**
 * The address in this app for a link in a text of the repo, to a lesson, a doc, an attack or a file of code. An address
 * on the web stays unchanged. A file outside the app, such as the license, has none: undefined.
 *
 * @param href the address in the text
 * @param file the absolute path of the text
 */
export function hrefInApp(href: string, file: string): string | undefined {
  if (/^[a-z]+:/.test(href)) return href
  const [path = '', anchor = ''] = href.split('#')
  const target = path === '' ? file : join(dirname(file), decodeURI(path))
  const place = relative(ROOT, target).split(sep).join('/')
  const hash = anchor === '' ? '' : `#${anchor}`

  if (place === 'README.md') return '/'
  const [, doc] = /^docs\/(\w+)\.md$/.exec(place) ?? []
  if (doc !== undefined) return `/reference/${doc}${hash}`
  if (place === 'course/attacks/stories' || place === 'course/attacks/stories/index.ts')
    return '/attacks'
  const [, attack] = /^course\/attacks\/stories\/([\w-]+)\.ts$/.exec(place) ?? []
  if (attack !== undefined) return `/attacks/${attack}`
  if (SHARED_FOLDERS.some((folder) => isIn(place, folder))) return `/code/${place}`

  const versions = listVersions()
  const version = versions.find(({ name }) => isIn(place, `versions/${name}`))
  if (version !== undefined) {
    const path = place.slice(`versions/${version.name}/`.length)
    const isLesson = path === '' || path === 'README.md'
    return isLesson ? inLesson(version, anchor) : `/code/${version.name}/${path}`
  }
  const step = versions.find((known) => differencePage(known) === target)
  return step && hrefOf(step, DIFFERENCE)
}

/** A lesson is one text in the repo, and one page per part here. */
function inLesson(version: Version, anchor: string): string {
  for (const part of readLesson(version).parts) {
    const href = hrefOf(version, pageOf(version, part))
    if (part.anchor === anchor) return href
    if (part.headings.some((heading) => heading.anchor === anchor)) return `${href}#${anchor}`
  }
  return hrefOf(version, OPENING)
}

function isIn(place: string, folder: string): boolean {
  return place === folder || place.startsWith(`${folder}/`)
}
