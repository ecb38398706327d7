import { Browser } from '@oauth-lab/shared/testing/browser.ts'
import { type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadPrograms } from '../attacks/load-programs.ts'
import { listVersions } from '../programs/versions.ts'

describe.each(listVersions())('$name tells a newcomer', ({ folder }) => {
  const line =
    'you log in as <code>user0</code> with <code>password0</code>. The lessons are at <code>http://localhost:25002</code>.'
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab(await loadPrograms(folder))
  })
  afterAll(() => lab.close())

  test('whom to log in as, and where the workshop is, on the first page and the login page only', async () => {
    const browser = new Browser()
    expect((await browser.open(lab.clientUrl)).body).toContain(line)
    expect((await browser.visit(`${lab.clientUrl}/login`)).body).toContain(line)
    expect((await browser.open(`${lab.clientUrl}/nowhere`)).body).not.toContain('password0')
    expect((await browser.open(`${lab.serverUrl}/api/nowhere`)).body).not.toContain('password0')
  })
})
