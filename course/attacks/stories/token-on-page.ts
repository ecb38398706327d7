import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker reads the access token from the victim's screen or browser history",
  rule: 'RFC 6750 sections 2.3 and 5.3, RFC 9700 section 4.3.2',
  expected: { 1: 'succeeds', 4: 'blocked' },
  checks: [
    {
      file: 'client/routes/profile.ts',
      line: "return reply.view('profile.eta', { user })",
      without:
        "return reply.view('profile.eta', { user: { ...user, username: request.session.tokens?.access_token } })",
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas(
      "A look at the victim's screen, a screenshot, or the victim's browser history.",
    )
    const callback = await victim.logsIn('The victim logs in.')
    const pages = [
      await victim.goesTo(callback, 'The browser delivers the code, and the client shows a page.'),
      await victim.opens(`${lab.clientUrl}/`, 'The victim also opens the start page.'),
    ]
    stage.outside(
      'attacker',
      "victim's browser",
      'The attacker reads everything that was on the screen: the pages and their addresses.',
    )

    const { access_token } = stage.lastTokens
    const seen = pages.some(({ url, body }) => `${url} ${body}`.includes(String(access_token)))
    return ending(seen, {
      succeeds: stage.knows.profile
        ? "The attacker has the victim's access token."
        : "The attacker has the victim's access token. In this version it opens nothing yet. In a later one, anyone who has it can read the victim's profile.",
      blocked:
        "The attacker gets nothing. The token stays in the client's memory and never appears in a page or an address.",
    })
  },
}
