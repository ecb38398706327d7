import type { Highlighter } from '@lezer/highlight'

export const CODE_COLORS: Highlighter
