import { join } from 'node:path'
import { ROOT } from './versions.ts'

/**
 * What Node is given to run a program in TypeScript, also where Node 20 is the newest there is. Without tsx's
 * support of `require`, which nothing here needs, a program starts sooner.
 */
export const TYPESCRIPT_ARGUMENTS = ['--import', import.meta.resolve('tsx/esm')]

/** A copy of a version may stand where its tsconfig.json can't find the one that it extends. */
export const TYPESCRIPT_SETTINGS = { TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.base.json') }
