import MarkdownIt from 'markdown-it'

/** `escapeHtml(text)`: the text as it may stand in HTML, in attributes too. */
export const { escapeHtml } = new MarkdownIt().utils
