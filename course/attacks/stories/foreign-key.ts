import { generateKeyPairSync } from 'node:crypto'
import { type AttackFile, ending } from '../attack.ts'
import { es256, makeJwt, readJwt } from '../jwt.ts'

export const attack: AttackFile = {
  title: 'The attacker signs a token with their own key, and says where to find it',
  rule: 'RFC 8725 section 3.10, RFC 9068 section 4',
  expected: { 1: 'nothing', 13: 'blocked' },
  needs: {
    feature: 'signedTokens',
    otherwise: 'An access token of this version says nothing. There is nothing in it to make up.',
  },
  checks: [
    {
      file: 'api/access-token.ts',
      line: 'const { payload } = await jwtVerify(token, findKey, {',
      without:
        "const { decodeJwt } = await import('jose')\n" +
        'const unverified = async (text: string, ..._rest: unknown[]) => ({ payload: decodeJwt(text) })\n' +
        'const { payload } = await unverified(token, findKey, {',
    },
    {
      file: 'api/keys.ts',
      line: 'return async ({ kid }) => {',
      without:
        'return async ({ kid, jwk, jku }) => {\n' +
        "const { importJWK } = await import('jose')\n" +
        "if (jwk !== undefined) return importJWK(jwk, 'ES256')\n" +
        'if (jku !== undefined) keys = await fetchKeys(jku)',
    },
  ],

  async play(stage) {
    const { attacker } = stage
    stage.attackerHas(
      'Their own client, other-client, registered with this server, and a key pair that they made themselves. They know how the tokens are made.',
    )
    const { header, claims } = readJwt(
      await attacker.getsOwnToken('The attacker logs in to their own client, which gets a token.'),
    )
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const site = await stage.site()
    site.page = JSON.stringify({ keys: [{ ...jwk, kid: 'mine', use: 'sig' }] })
    const sends = (changes: Record<string, unknown>, meaning: string) => {
      const parts = { header: { ...header, ...changes }, claims: { ...claims, sub: 'user0' } }
      const token = makeJwt(parts, es256(privateKey))
      return attacker.readsProfileWith(token, { meaning, show: ['sub', 'kid', 'jku', 'jwk'] })
    }
    const accounts = [
      await sends(
        {},
        "They write the victim's name into a copy, and sign it with their own key. The copy names the server's key.",
      ),
      await sends({ jwk }, 'They put the public half of their key into the token.'),
      await sends(
        { kid: 'mine', jku: `${site.url}/jwks` },
        'They put the key on their website, and the address into the token.',
      ),
    ]
    const asked =
      site.visits.length > 0 ? 'The API got the key there.' : 'Nobody asked for the key.'
    stage.outside(
      'attacker',
      "attacker's site",
      `The attacker looks at the log of their website. ${asked}`,
    )

    return ending(accounts.includes('victim'), {
      succeeds:
        "The attacker reads the victim's profile, and that of every other user. The signature was right, but it was the attacker's.",
      blocked:
        "The attacker has texts that are no tokens. The API takes keys from its own server only, at an address that no token can change. A signature of another key doesn't fit, whatever the token calls that key.",
    })
  },
}
