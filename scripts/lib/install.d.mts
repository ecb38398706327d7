/** What commands in TypeScript use of install.mjs, which runs before anything is there that reads TypeScript. */
export const PNPM_VERSION: string
export const PACKED: string
export function findNpm(): string
export function packedPnpm(packed: string, machine: string): string
