import { createPublicKey } from 'node:crypto'
import { type AttackFile, ending } from '../attack.ts'
import { hs256, makeJwt, readJwt } from '../jwt.ts'

export const attack: AttackFile = {
  title: "The attacker signs a token with the server's public key, used as a secret",
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
      // This library doesn't take a public key for a secret. One that gets keys as text can't tell them apart.
      also: [
        {
          file: 'api/access-token.ts',
          line: 'const { payload } = await jwtVerify(token, findKey, {',
          without:
            "const { exportSPKI } = await import('jose')\n" +
            'const keyAsText = async (header: Parameters<typeof findKey>[0]) => {\n' +
            "const key = await findKey(header, { payload: '', signature: '' })\n" +
            "return header.alg === 'HS256' ? new TextEncoder().encode(await exportSPKI(key as CryptoKey)) : key\n" +
            '}\n' +
            'const { payload } = await jwtVerify(token, keyAsText, {',
        },
      ],
    },
  ],

  async play(stage) {
    const { attacker } = stage
    stage.attackerHas(
      'Their own client, other-client, registered with this server. They know how the tokens are made, and that HS256 uses one secret for signing and checking.',
    )
    const { header, claims } = readJwt(
      await attacker.getsOwnToken('The attacker logs in to their own client, which gets a token.'),
    )
    const { keys } = await attacker.getsKeys({
      meaning: "They get the server's public key, as anyone may.",
      show: ['keys'],
    })
    const [key] = Object(keys)
    const secret = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const accounts: unknown[] = []
    for (const text of [String(secret), String(secret).trimEnd()]) {
      const token = makeJwt(
        { header: { ...header, alg: 'HS256' }, claims: { ...claims, sub: 'user0' } },
        hs256(text),
      )
      const meaning =
        accounts.length === 0
          ? "They write the victim's name into a copy, and sign it with HS256. The secret is the public key as text."
          : 'They try the same text without the line break at its end.'
      accounts.push(await attacker.readsProfileWith(token, { meaning, show: ['alg', 'sub'] }))
    }

    return ending(accounts.includes('victim'), {
      succeeds:
        "The attacker reads the victim's profile, and that of every other user. The API took the token's word for the algorithm, and the server's public key for a secret.",
      blocked:
        'The attacker has texts that are no tokens. The API accepts one algorithm, and with that one a public key can only check.',
    })
  },
}
