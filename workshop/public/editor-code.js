// CodeMirror in the colors of the site, as the editor of an exercise uses it.

import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { unifiedMergeView } from '@codemirror/merge'
import { Compartment, EditorState } from '@codemirror/state'
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'

const SCRIPT = /\.(?:[cm]?[jt]s|json)$/

const OPERATORS = [
  tags.arithmeticOperator,
  tags.compareOperator,
  tags.controlOperator,
  tags.definitionOperator,
  tags.logicOperator,
  tags.updateOperator,
]

/** The classes that the rest of the site gives to code, too. */
const COLORS = HighlightStyle.define([
  { tag: tags.comment, class: 'comment' },
  { tag: [tags.keyword, ...OPERATORS], class: 'keyword' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: 'string' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], class: 'function' },
  { tag: [tags.className, tags.typeName], class: 'function' },
  { tag: [tags.number, tags.bool, tags.null], class: 'constant' },
])

const MARKED = 'color-mix(in srgb, var(--accent) 9%, transparent)'
const THEME = EditorView.theme({
  '&': { height: '100%', fontSize: '0.8125rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-gutters': { border: 'none', backgroundColor: 'var(--surface)', color: 'var(--quiet)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: MARKED },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--good-ground)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--bad-ground)' },
  '&.cm-merge-b .cm-deletedText': { background: 'none', textDecoration: 'underline var(--bad)' },
  '&.cm-merge-b .cm-changedText': { background: 'none', textDecoration: 'underline var(--good)' },
  '.cm-deletedChunk del, ins': { color: 'inherit' },
  // Its usual sign is missing in many fonts.
  '& .cm-collapsedLines:before, & .cm-collapsedLines:after': { content: '"..."' },
  '& .cm-collapsedLines': { background: 'var(--raised)', color: 'var(--quiet)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
  },
})

const comparison = new Compartment()

/**
 * The state of a file in the editor.
 *
 * @param {string} path
 * @param {string} text
 * @param {(state: EditorState) => void} onUpdate called with each new state
 */
export function createState(path, text, onUpdate) {
  return EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      lintGutter(),
      highlightSpecialChars(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      indentOnInput(),
      indentUnit.of('  '),
      bracketMatching(),
      SCRIPT.test(path) ? javascript({ typescript: true }) : [],
      syntaxHighlighting(COLORS),
      keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        // Focusable anyway, but axe wants to see it.
        tabindex: '0',
        'aria-label': `${path}. Press Escape, then Tab, to leave the editor.`,
      }),
      EditorView.updateListener.of((update) => onUpdate(update.state)),
      comparison.of([]),
      THEME,
    ],
  })
}

/**
 * Shows the difference between another text and the one in the editor, or ends that.
 *
 * @param {string | undefined} original
 */
export function compareWith(original) {
  const shown =
    original === undefined
      ? []
      : unifiedMergeView({ original, mergeControls: false, collapseUnchanged: { margin: 3 } })
  return { effects: comparison.reconfigure(shown) }
}

/** Marks the line with an error, or none. */
export function markError(state, error) {
  if (error === undefined) return setDiagnostics(state, [])
  const { from, to } = lineAt(state, error.line)
  return setDiagnostics(state, [{ from, to, severity: 'error', message: error.message }])
}

/** Replaces what differs, so that the cursor stays in its place. */
export function replaceText(state, text) {
  const before = state.doc.toString()
  const limit = Math.min(before.length, text.length)
  let start = 0
  while (start < limit && before[start] === text[start]) start += 1
  let end = 0
  while (end < limit - start && before.at(-1 - end) === text.at(-1 - end)) end += 1
  return {
    changes: { from: start, to: before.length - end, insert: text.slice(start, text.length - end) },
  }
}

/** Goes to the start of a line, and shows it. */
export function goToLine(state, line) {
  const { from } = lineAt(state, line)
  return { selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) }
}

/** The line with a number, or the nearest one: a copy says where its errors are, and may lie. */
function lineAt({ doc }, number) {
  return doc.line(Math.max(1, Math.min(number, doc.lines)))
}

/** The editor, in an element, scrolled to a snapshot of before or to the start. */
export function createView(parent, state, scrollTo) {
  return new EditorView({ parent, state, scrollTo })
}
