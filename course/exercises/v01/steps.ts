import { type Change, type CopyDraft, change, drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const PAGE_ERROR = `import { PageError } from '@oauth-lab/shared/page-error.ts'\n`
const REQUEST = 'server/authorization-request.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const TOKEN = 'server/routes/token.ts'
const TOKEN_REQUEST = 'client/token-request.ts'
const STRICT = '"extends": "../../tsconfig.base.json",\n'
const LENIENT = `${STRICT}  "compilerOptions": { "noUnusedLocals": false, "noUnusedParameters": false },\n`
/** The body of readAuthorizationRequest, before it turns errors into redirects. */
const NO_CATCH = `  const { client, redirect_uri } = verifyRedirectUri(query, clients)
  return readParameters(query, client, redirect_uri)
`

const DISPATCH = drop("      if (grant_type === 'auth", '      throw new OAuth')

export function skeleton(draft: CopyDraft): void {
  empty(draft, 'client/routes/home.ts', { homeRoute: route(1, 'homeRoute', "app.get('/'") })
  empty(draft, 'client/routes/login.ts', {
    loginRoute: route(1, 'loginRoute', "app.get('/login'"),
  })
  empty(draft, REQUEST, {
    readAuthorizationRequest: notWritten(2, 'readAuthorizationRequest'),
    readParameters: notWritten(3, 'readParameters'),
    verifyRedirectUri: notWritten(2, 'verifyRedirectUri'),
  })
  const get = route(2, 'GET /authorize', "app.get('/authorize'")
  const post = route(4, 'POST /authorize', "app.post('/authorize'")
  empty(draft, AUTHORIZE, {
    authorizeRoutes: `${get}\n${post}`,
    sendCode: notWritten(4, 'sendCode'),
  })
  empty(draft, 'client/routes/callback.ts', {
    callbackRoute: route(6, 'callbackRoute', "app.get('/callback'"),
  })
  empty(draft, TOKEN, { tokenRoute: route(7, 'tokenRoute', "app.post('/token'") })
  empty(draft, 'server/client-auth.ts', {
    authenticateClient: notWritten(8, 'authenticateClient'),
  })
  empty(draft, 'server/grants/authorization-code.ts', {
    authorizationCodeGrant: notWritten(9, 'authorizationCodeGrant'),
  })
  empty(draft, 'server/tokens.ts', {
    issueAccessToken: notWritten(9, 'issueAccessToken'),
  })
  empty(draft, TOKEN_REQUEST, { requestToken: notWritten(10, 'requestToken') })
  draft.edit('tsconfig.json', [STRICT, LENIENT])
}

export const steps: ExerciseStep[] = [
  (draft) => draft.takeAll('client/routes/home.ts', 'client/routes/login.ts'),
  (draft) => {
    empty(draft, REQUEST, {
      readAuthorizationRequest: NO_CATCH,
      readParameters: notWritten(3, 'readParameters'),
    })
    const post = route(4, 'POST /authorize', "app.post('/authorize'")
    empty(draft, AUTHORIZE, { sendCode: notWritten(4, 'sendCode') }, [
      '  // The form posts',
      post,
      '}\n\nfunction showLogin',
    ])
  },
  (draft) => empty(draft, REQUEST, { readAuthorizationRequest: NO_CATCH }),
  (draft) =>
    draft.take(
      AUTHORIZE,
      drop('\n  // RFC 6749 section 4.1.2.1\n  app.setErrorHandler', '}\n\nfunction'),
    ),
  (draft) => draft.takeAll(REQUEST, AUTHORIZE),
  (draft) => draft.take('client/routes/callback.ts'),
  (draft) =>
    draft.take(
      TOKEN,
      drop('      const client = authenticateClient(', '      const grant'),
      DISPATCH,
      ['      const grant_type = requiredParameter(', '      requiredParameter('],
      drop('    if (error.code ===', '    const response'),
    ),
  (draft) => {
    draft.take('server/client-auth.ts')
    draft.take(
      TOKEN,
      DISPATCH,
      ['      const client = authenticateClient(', '      authenticateClient('],
      ['      const grant_type = requiredParameter(', '      requiredParameter('],
    )
  },
  (draft) => draft.takeAll(TOKEN, 'server/grants/authorization-code.ts', 'server/tokens.ts'),
  (draft) => draft.take(TOKEN_REQUEST, drop('  if ((status === 400', '  if (status !== 200')),
  (draft) => draft.takeAll(TOKEN_REQUEST, 'tsconfig.json'),
]

/** Replaces the bodies of some functions of a file, and keeps everything else. */
function empty(
  draft: CopyDraft,
  path: string,
  bodies: Record<string, string>,
  ...more: Change[]
): void {
  const changes = Object.entries(bodies).map(([name, body]): Change => {
    const emptied = (declaration: string) => {
      // Each parameter may have its own line: the body starts after the line that ends them.
      const head = /^[\s\S]*?\{\n(?= {2}\S)(?! {2}\w+: .*\n\})/.exec(declaration)?.[0] ?? ''
      return head + body.trimEnd()
    }
    return [`function ${name}(`, emptied, '\n}\n']
  })
  const text = change(path, draft.final(path), [...changes, ...more])
  draft.write(path, text.includes(PAGE_ERROR) ? text : withImport(text))
}

function route(step: number, name: string, start: string): string {
  return `  ${start}, async () => {\n  ${notWritten(step, name)}  })\n`
}

function notWritten(step: number, name: string): string {
  return `  throw new PageError(501, 'Not written yet', 'Step ${step} of the exercise: ${name}.')\n`
}

/** Imports are sorted by their paths. */
function withImport(text: string): string {
  const lines = text.split('\n')
  const later = (line: string) => {
    const path = /^(?:import|\}) .*from '(.+)'$/.exec(line)?.[1]
    return (
      path !== undefined && line.startsWith('import') && path > '@oauth-lab/shared/page-error.ts'
    )
  }
  lines.splice(lines.findIndex(later), 0, PAGE_ERROR.trimEnd())
  return lines.join('\n')
}
