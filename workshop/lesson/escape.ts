import MarkdownIt from 'markdown-it'

/** `escapeHtml(text)`: the text, escaped for HTML and its attributes. */
export const { escapeHtml } = new MarkdownIt().utils
