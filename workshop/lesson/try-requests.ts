import type { Addresses } from '@oauth-lab/course/programs/programs.ts'
import { shortName, type Version, versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { curlOf } from '@oauth-lab/course/requests/curl.ts'
import { driverAt, fillIn, namesIn, settingsOf } from '@oauth-lab/course/requests/fresh-values.ts'
import type { PreparedRequest } from '@oauth-lab/course/requests/request-draft.ts'

/** Splits "Try it" before each heading, to put the prepared requests of a section below it. */
export function cutAtSections(html: string, version: Version, addresses: Addresses) {
  const requests = preparedRequests(version)
  return html.split(/(?=<h2 id=")/).map((section) => {
    const [, anchor] = /^<h2 id="([^"]+)"/.exec(section) ?? []
    const own = requests.filter((request) => request.section === anchor)
    return { html: section, requests: own.map((one) => viewRequest(one, version, addresses)) }
  })
}

/** A prepared request without the values that come from a login: their names stay. */
function viewRequest(prepared: PreparedRequest, version: Version, addresses: Addresses) {
  const { id, expected, before } = prepared
  const earlier = versionBefore(version)
  const draft = fillIn(prepared.draft, settingsOf(driverAt(version, addresses)))
  const isSame = before.status === expected.status && before.words === expected.words
  return {
    ...prepared,
    name: `${shortName(version)}/${id}`,
    before: earlier && { ...before, version: shortName(earlier), isSame },
    curl: curlOf(draft, addresses).replaceAll(/%7B([a-z_]+)%7D/g, '{$1}'),
    needsValues: namesIn(draft).size > 0,
  }
}
