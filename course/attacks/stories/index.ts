import type { Attack } from '../attack.ts'
import { attackersLoginLink } from './attackers-login-link.ts'
import { codeInjection } from './code-injection.ts'
import { codeOfAnotherClient } from './code-of-another-client.ts'
import { codeSwap } from './code-swap.ts'
import { codeTheft } from './code-theft.ts'
import { codeTwice } from './code-twice.ts'
import { codeWithoutSecret } from './code-without-secret.ts'
import { cookieAfterLogout } from './cookie-after-logout.ts'
import { cookieTossing } from './cookie-tossing.ts'
import { foreignState } from './foreign-state.ts'
import { lateCode } from './late-code.ts'
import { loginCsrf } from './login-csrf.ts'
import { loginPageAddress } from './login-page-address.ts'
import { loginPageInFrame } from './login-page-in-frame.ts'
import { logoutByForm } from './logout-by-form.ts'
import { logoutByLink } from './logout-by-link.ts'
import { logoutFromNextDoor } from './logout-from-next-door.ts'
import { openRedirect } from './open-redirect.ts'
import { passwordGuessing } from './password-guessing.ts'
import { pkceDowngrade } from './pkce-downgrade.ts'
import { redirect307 } from './redirect-307.ts'
import { redirectUriNearMiss } from './redirect-uri-near-miss.ts'
import { refererLeak } from './referer-leak.ts'
import { reflectedScript } from './reflected-script.ts'
import { refreshTokenAfterLogout } from './refresh-token-after-logout.ts'
import { refreshTokenOfAnotherClient } from './refresh-token-of-another-client.ts'
import { refreshTokenTheft } from './refresh-token-theft.ts'
import { secretGuessing } from './secret-guessing.ts'
import { sessionFixation } from './session-fixation.ts'
import { stateReplay } from './state-replay.ts'
import { stolenToken } from './stolen-token.ts'
import { tokenAfterLogout } from './token-after-logout.ts'
import { tokenAnHourLater } from './token-an-hour-later.ts'
import { tokenInjection } from './token-injection.ts'
import { tokenOnPage } from './token-on-page.ts'
import { usedCodeLogout } from './used-code-logout.ts'

/** Every attack, in the order in which they are shown. */
export const attacks: Attack[] = [
  redirectUriNearMiss,
  openRedirect,
  redirect307,
  loginPageInFrame,
  reflectedScript,
  refererLeak,
  codeWithoutSecret,
  codeOfAnotherClient,
  codeTwice,
  lateCode,
  loginCsrf,
  foreignState,
  stateReplay,
  codeSwap,
  codeInjection,
  codeTheft,
  pkceDowngrade,
  tokenOnPage,
  sessionFixation,
  logoutByLink,
  logoutByForm,
  cookieAfterLogout,
  tokenInjection,
  tokenAnHourLater,
  refreshTokenTheft,
  refreshTokenOfAnotherClient,
  usedCodeLogout,
  attackersLoginLink,
  loginPageAddress,
  passwordGuessing,
  secretGuessing,
  logoutFromNextDoor,
  cookieTossing,
  stolenToken,
  tokenAfterLogout,
  refreshTokenAfterLogout,
]
