import { join } from 'node:path'
import { findVersion, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { CHROMIUM, launchChromium } from '@oauth-lab/shared/testing/chromium.ts'
import { withNpmStart } from './bench/lib/startup.ts'

const FILE = join(ROOT, 'docs', 'workshop.png')
const VERSION = 'v03-pkce'

/**
 * `npm run picture` logs in to a version and takes the picture of the workshop's traffic page for README.md.
 */
export async function main(): Promise<number> {
  if (CHROMIUM === undefined) throw new ToldError('Chromium is missing. Set CHROMIUM to its path.')
  await withNpmStart(findVersion(VERSION), ({ client, workshop }) => takePicture(client, workshop))
  console.log(`Wrote ${FILE}`)
  return 0
}

async function takePicture(client: string, workshop: string): Promise<void> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1180, height: 1150 } })
    await page.goto(`${client}/login`)
    await page.getByLabel('User name').fill('user0')
    await page.getByLabel('Password').fill('password0')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.goto(`${workshop}/traffic`)
    await page.locator('#traffic').getByText('/token').first().waitFor()
    // It opens at the newest message.
    await page.evaluate('scrollTo(0, 0)')
    await page.screenshot({ path: FILE })
  } finally {
    await browser.close()
  }
}
