import { type Draft, METHODS, type Row } from '@oauth-lab/course/requests/request-draft.ts'

type Fields = Record<string, unknown>

/** The rows of a request that a person edits, by the start of the names of their fields. */
const SECTIONS = { query: 'Query', header: 'Headers', form: 'Form' } as const
type Section = keyof typeof SECTIONS

/** How many empty rows each section has at its end. */
const EMPTY_ROWS = 1
/** How many rows a click adds. */
const MORE = 3
/** A click on a button beside the rows: what to do, in which section, and the row, counted from 0. */
const ACT = /^(double|remove|more) (query|header|form)(?: (\d+))?$/

/**
 * The request in the fields of the editor. Rows without a name are left out, and anything that is wrong stays as
 * it is, so that the person who wrote it sees it again.
 */
export function readDraft(fields: Fields): Draft {
  const named = (section: Section) => rowsIn(fields, section).filter(([name]) => name !== '')
  return {
    program: textIn(fields, 'program'),
    method: textIn(fields, 'method').trim().toUpperCase(),
    path: textIn(fields, 'path').trim(),
    query: named('query'),
    headers: named('header'),
    body: bodyIn(fields, named('form')),
  }
}

/** Whether the fields come from a button beside the rows, which sends nothing. */
export function isAboutRows(fields: Fields): boolean {
  return ACT.test(textIn(fields, 'act'))
}

/** The request after a click on a button beside its rows. */
export function change(fields: Fields): Draft {
  const [, act, name, at] = ACT.exec(textIn(fields, 'act')) ?? []
  const draft = readDraft(fields)
  if (act === undefined) return draft
  const section = name as Section
  const rows = rowsIn(fields, section)
  const index = Number(at)
  if (act === 'double') rows.splice(index, 0, ...rows.slice(index, index + 1))
  if (act === 'remove') rows.splice(index, 1)
  const kept = rows.filter(([first, second]) => first !== '' || second !== '')
  if (act === 'more') kept.push(...Array<Row>(MORE).fill(['', '']))
  if (section === 'query') return { ...draft, query: kept }
  return section === 'header' ? { ...draft, headers: kept } : { ...draft, body: { form: kept } }
}

/** The rows of a section, ready to be shown. */
function viewRows(section: Section, rows: Row[], nameOf: (value: string) => string | undefined) {
  return {
    section,
    title: SECTIONS[section],
    rows: [...rows, ...Array<Row>(EMPTY_ROWS).fill(['', ''])].map(([name, value]) => ({
      name,
      value,
      known: nameOf(value),
    })),
  }
}

/** A request, ready to be shown with rows and a body. */
export function viewDraft(draft: Draft, nameOf: (value: string) => string | undefined) {
  const { query, headers, body } = draft
  const isForm = body !== undefined && 'form' in body
  return {
    draft,
    methods: METHODS,
    sections: [viewRows('query', query, nameOf), viewRows('header', headers, nameOf)],
    bodyKind: body === undefined ? 'none' : isForm ? 'form' : 'text',
    form: viewRows('form', isForm ? body.form : [], nameOf),
    text: body === undefined || isForm ? '' : body.text,
  }
}

function bodyIn(fields: Fields, form: Row[]): Draft['body'] {
  const kind = textIn(fields, 'body')
  if (kind === 'form') return { form }
  // A browser sends the lines of a text with CRLF, whatever the text had. RFC 8259 section 2 allows both.
  return kind === 'text' ? { text: textIn(fields, 'text').replaceAll('\r\n', '\n') } : undefined
}

function rowsIn(fields: Fields, section: Section): Row[] {
  const names = textsIn(fields[`${section}-name`])
  const values = textsIn(fields[`${section}-value`])
  return names.map((name, index) => [name.trim(), values[index] ?? ''])
}

function textIn(fields: Fields, name: string): string {
  return textsIn(fields[name])[0] ?? ''
}

function textsIn(value: unknown): string[] {
  return [value ?? []].flat().map(String)
}
