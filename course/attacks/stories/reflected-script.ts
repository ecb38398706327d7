import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { callbackWith, parameterOf, withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'
import { runsAttack } from '../browser-rules.ts'

const SCRIPT = '"><script>attack()</script><img src="x" onerror="attack()">'

const LOOSE_POLICY = {
  file: 'shared/app.ts',
  line: '"default-src \'none\'",',
  without: "\"default-src 'self' 'unsafe-inline'\",",
}

export const attack: AttackFile = {
  title: 'A script in a link ends up in a page and runs there',
  rule: 'RFC 6749 section 10.14',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'shared/views/error.eta',
      line: '<p class="problem" role="alert"><%= it.error.message %></p>',
      without: '<p class="problem" role="alert"><%~ it.error.message %></p>',
      also: [LOOSE_POLICY],
    },
    {
      file: 'server/views/login.eta',
      line: '<label>User name <input name="username" value="<%= it.username %>" autocomplete="username" autocapitalize="none" required autofocus></label>',
      without: '<label>User name <input name="username" value="<%~ it.username %>"></label>',
      also: [LOOSE_POLICY],
    },
  ],

  async play(stage) {
    const { victim } = stage
    stage.attackerHas(
      'A way to make the victim open a link or send a form. A script in a page of the server could read the password as the victim types it.',
    )
    const loginPage = await victim.startsLogin()
    const state = parameterOf(loginPage, 'state')
    const open = (url: string, meaning: string, show: string[] = []) =>
      victim.opens(url, { meaning, actor: 'attacker', show })

    const pages: Page[] = [
      await open(
        withParameters(loginPage, { client_id: SCRIPT }),
        'The script as the client id. The error page for an unknown client might show it.',
        ['client_id'],
      ),
      await open(
        withParameters(loginPage, { redirect_uri: SCRIPT }),
        "The script as the redirect URI, which isn't registered.",
        ['redirect_uri'],
      ),
      await victim.triesToLogIn(
        loginPage,
        {
          meaning:
            'The script as the user name, in a form that the attacker makes the browser send.',
          actor: 'attacker',
        },
        { username: SCRIPT, password: 'wrong' },
      ),
      await open(
        callbackWith(stage, { error: SCRIPT, error_description: SCRIPT, state }),
        "The script as an error, in a response to the victim's own login.",
        ['error_description'],
      ),
    ]

    return ending(pages.some(runsAttack), {
      succeeds:
        "The attacker's script runs in a page of the lab. It sees everything the victim sees and can act for the victim.",
      blocked:
        "The attacker gets nothing. The pages show the script as plain text. Even if one didn't, its Content-Security-Policy wouldn't let the script run.",
    })
  },
}
