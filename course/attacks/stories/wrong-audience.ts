import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A token for one API opens another',
  rule: 'RFC 9700 section 2.3, RFC 8725 section 3.9',
  expected: { 1: 'nothing', 12: 'blocked' },
  needs: {
    feature: 'introspection',
    otherwise: 'The API of this version is a part of the server, so there is only one.',
  },
  checks: [
    {
      file: 'api/introspection.ts',
      line: 'if (!active || ![aud].flat().includes(apiUrl) || iss !== authServerUrl) return undefined',
      without: 'if (!active || iss !== authServerUrl) return undefined',
      until: 13,
    },
    {
      file: 'api/access-token.ts',
      line: 'audience: config.apiUrl,',
      without: '',
      from: 13,
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      'A hole in the API, through which they can read the tokens that are sent to it. There is another API that trusts the same server. They want to get in there.',
    )
    const otherApi = await stage.startOtherApi()
    await victim.logsInAtClient('The victim logs in, and the client sends its token to the API.')
    const { access_token } = stage.lastTokens
    await attacker.readsProfileWith(access_token, {
      meaning: 'The attacker has read that token. At this API it works.',
      show: ['aud'],
    })
    const account = await attacker.readsProfileWith(
      access_token,
      { meaning: 'They send it to the other API.', show: ['aud'] },
      otherApi,
    )

    return ending(account === 'victim', {
      succeeds:
        'The attacker reads what the other API knows about the victim. The weakest API decides how safe all of them are.',
      blocked:
        "The attacker has a token that opens nothing at the other API. It says which API it's for, and each API accepts only those for itself.",
    })
  },
}
