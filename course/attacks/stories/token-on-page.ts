import { type Attack, blocked, succeeds } from '../attack.ts'

export const tokenOnPage: Attack = {
  slug: 'token-on-page',
  title: "The access token is read off the victim's screen, or out of the browser's history",
  rule: 'RFC 6750 sections 2.3 and 5.3, RFC 9700 section 4.3.2',
  expected: { 1: 'succeeds', 4: 'blocked' },
  checks: [
    {
      file: 'client/routes/callback.ts',
      line: "return reply.redirect('/profile', 303)",
      without: "return reply.redirect('/profile?access_token=' + tokenResponse.access_token, 303)",
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.begin(
      "A look at the victim's screen, at a screenshot, or at the history of the victim's browser.",
    )
    const callback = await victim.logsIn(await victim.beginsLogin(), 'The victim logs in.')
    const pages = [
      await victim.goesTo(callback, 'The browser brings the code, and the client shows a page.'),
      await victim.opens(`${lab.clientUrl}/`, 'The victim looks at the start page, too.'),
    ]
    stage.outside(
      'attacker',
      "victim's browser",
      'The attacker reads all that was on the screen: the pages, and their addresses.',
    )

    const { access_token } = stage.lastTokens
    const seen = pages.some(({ url, body }) => `${url} ${body}`.includes(String(access_token)))
    if (!seen) {
      return blocked(
        'The attacker has nothing. The token stays in the memory of the client, and no page and no address has it.',
      )
    }
    if (stage.knows.profile) return succeeds("The attacker has the victim's access token.")
    return succeeds(
      "The attacker has the victim's access token. In this version it opens nothing yet. In a later one it opens the victim's profile to whoever has it.",
    )
  },
}
