/** What commands in TypeScript use of install.mjs, which runs before anything is there that reads TypeScript. */
export const PNPM: string
export const PACKED: string
export const NEED_EVERYTHING: string[]
export function fetchPnpm(root: string): Promise<string>
export function findNpm(): string
export function runNode(args: string[], folder: string): Promise<void>
