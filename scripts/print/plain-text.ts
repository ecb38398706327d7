import { withoutLocalLinks } from '@oauth-lab/course/differences/notes.ts'

/** Markdown as plain text for a terminal: no stars, and only the addresses of links. */
export function plainText(markdown: string): string {
  return withoutLocalLinks(markdown).replaceAll(
    /(`[^`]+`)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)]*)\)/g,
    (_all, code, strong, emphasis, text, address) => {
      return code ?? strong ?? emphasis ?? `${text} (${address})`
    },
  )
}
