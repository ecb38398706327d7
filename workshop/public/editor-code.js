// CodeMirror in the colors of the site, as the editor of an exercise uses it.

import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import {
  defaultKeymap,
  history,
  historyField,
  historyKeymap,
  indentWithTab,
} from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import {
  bracketMatching,
  indentOnInput,
  indentService,
  indentUnit,
  LRLanguage,
  syntaxHighlighting,
} from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { diff, MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState, StateEffect } from '@codemirror/state'
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { parser as htmlParser } from '@lezer/html'
import { CODE_COLORS } from '@oauth-lab/course/differences/code-colors.js'

const SCRIPT = /\.(?:[cm]?[jt]s|json)$/
const VIEW = /\.(?:eta|html)$/

/** The tags of eta count as text. A new line keeps the indentation of the line before, because this parser knows none. */
const HTML = [LRLanguage.define({ parser: htmlParser }), indentService.of(() => null)]

const MARKED = 'color-mix(in srgb, var(--accent) 9%, transparent)'
const THEME = EditorView.theme({
  '&': { height: '100%', fontSize: '0.8125rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-gutters': { border: 'none', backgroundColor: 'var(--surface)', color: 'var(--quiet)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: MARKED },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--good-ground)' },
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--bad-ground)' },
  '&.cm-merge-a .cm-changedText, &.cm-merge-b .cm-deletedText': {
    background: 'none',
    textDecoration: 'underline var(--bad)',
  },
  '&.cm-merge-b .cm-changedText': { background: 'none', textDecoration: 'underline var(--good)' },
  '& :is(del, ins)': { color: 'inherit' },
  // Its usual sign is missing in many fonts.
  '& .cm-collapsedLines:before, & .cm-collapsedLines:after': { content: '"..."' },
  '& .cm-collapsedLines': { background: 'var(--raised)', color: 'var(--quiet)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
  },
})

const COLLAPSED = { margin: 3 }

function languageOf(path) {
  if (SCRIPT.test(path)) return javascript({ typescript: true })
  return VIEW.test(path) ? HTML : []
}

/** What all texts have, editable or not. */
function textExtensions(path, label) {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    languageOf(path),
    syntaxHighlighting(CODE_COLORS),
    keymap.of(defaultKeymap),
    EditorView.lineWrapping,
    // Focusable anyway, but axe wants to see it.
    EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': `${path}${label}` }),
    THEME,
  ]
}

/**
 * What the editor of a file consists of.
 *
 * @param {string} path
 * @param {(state: EditorState) => void} onUpdate called with each new state
 */
export function editorExtensions(path, onUpdate) {
  return [
    lintGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    indentOnInput(),
    indentUnit.of('  '),
    bracketMatching(),
    closeBrackets(),
    keymap.of([indentWithTab, ...closeBracketsKeymap, ...historyKeymap, ...lintKeymap]),
    EditorView.updateListener.of((update) => onUpdate(update.state)),
    textExtensions(path, '. Press Escape, then Tab, to leave the editor.'),
  ]
}

/** The state of a file in the editor. */
export function createState(doc, extensions) {
  return EditorState.create({ doc, extensions })
}

/** The same state without what a comparison and marks added to it. */
export function withoutComparison(state, extensions) {
  return state.update({ effects: StateEffect.reconfigure.of(extensions) }).state
}

/**
 * Opens a file in an element: alone, or compared with another text, beside that one or with the difference in it.
 *
 * @param {{ path: string, state: EditorState, extensions: unknown, scroll?: StateEffect }} file
 * @param {{ text: string, label: string, isBeside: boolean }} [original]
 */
export function openEditor(parent, { path, state, extensions, scroll }, original) {
  if (original?.isBeside) {
    const merge = new MergeView({
      parent,
      a: {
        doc: original.text,
        extensions: [EditorState.readOnly.of(true), textExtensions(path, original.label)],
      },
      b: {
        doc: state.doc,
        selection: state.selection,
        extensions: [extensions, historyField.init(() => state.field(historyField))],
      },
      collapseUnchanged: COLLAPSED,
    })
    return { view: merge.b, close: () => merge.destroy() }
  }
  const effects =
    original === undefined
      ? []
      : StateEffect.appendConfig.of(
          unifiedMergeView({
            original: original.text,
            mergeControls: false,
            collapseUnchanged: COLLAPSED,
          }),
        )
  const compared = state.update({ effects }).state
  const view = new EditorView({ parent, state: compared, scrollTo: scroll })
  return { view, close: () => view.destroy() }
}

/** Shows the cursor. */
export function scrollToCursor({ selection }) {
  return EditorView.scrollIntoView(selection.main, { y: 'center' })
}

/** Marks the line with an error, or none. */
export function markError(state, error) {
  if (error === undefined) return setDiagnostics(state, [])
  const { from, to } = lineAt(state, error.line)
  return setDiagnostics(state, [{ from, to, severity: 'error', message: error.message }])
}

/** Replaces what differs, so that the cursor stays in its place. */
export function replaceText(state, text) {
  const changes = diff(state.doc.toString(), text, { scanLimit: 500 })
  return {
    changes: changes.map(({ fromA, toA, fromB, toB }) => {
      return { from: fromA, to: toA, insert: text.slice(fromB, toB) }
    }),
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
