import { type AttackFile, ending } from '../attack.ts'
import { makeJwt, readJwt } from '../jwt.ts'

export const attack: AttackFile = {
  title: "The attacker makes up a token that says it isn't signed",
  rule: 'RFC 8725 sections 2.1 and 3.1, RFC 9068 section 4',
  expected: { 1: 'nothing', 13: 'blocked' },
  needs: {
    feature: 'signedTokens',
    otherwise: 'An access token of this version says nothing. There is nothing in it to make up.',
  },
  checks: [
    {
      file: 'api/access-token.ts',
      line: "algorithms: ['ES256'],",
      without: '',
      // The library doesn't accept such a token without being told to, either.
      also: [
        {
          file: 'api/access-token.ts',
          line: 'const { payload } = await jwtVerify(token, findKey, {',
          without:
            "const jose = await import('jose')\n" +
            "const isUnsigned = jose.decodeProtectedHeader(token).alg === 'none'\n" +
            'const { payload } = isUnsigned ? jose.UnsecuredJWT.decode(token) : await jwtVerify(token, findKey, {',
        },
      ],
    },
  ],

  async play(stage) {
    const { attacker } = stage
    stage.attackerHas(
      'Their own client, other-client, registered with this server. They know how the tokens are made: they can read their own.',
    )
    const { header, claims } = readJwt(
      await attacker.getsOwnToken('The attacker logs in to their own client, which gets a token.'),
    )
    const accounts = []
    for (const alg of ['none', 'None']) {
      const token = makeJwt(
        { header: { ...header, alg }, claims: { ...claims, sub: 'user0' } },
        () => '',
      )
      const meaning =
        alg === 'none'
          ? "They write the victim's name into a copy, and leave out the signature. The copy says that it has none."
          : 'They try another spelling, in case the API looks for the usual one.'
      accounts.push(await attacker.readsProfileWith(token, { meaning, show: ['alg', 'sub'] }))
    }

    return ending(accounts.includes('victim'), {
      succeeds:
        "The attacker reads the victim's profile, and that of every other user. They needed no key: the API let the token decide how it's checked.",
      blocked:
        'The attacker has texts that are no tokens. The API accepts one algorithm, whatever a token says about itself.',
    })
  },
}
