import { type HTMLElement, parse } from 'node-html-parser'
import type { Exchange, FormFields } from './exchange.ts'

/** The most tags and characters of a page to read. For tags that nothing closes, the parser takes the square of their number. */
const MOST_TAGS = 2_000
const LONGEST_PAGE = 256 * 1024

/** A form on a page. */
export interface Form {
  action: string
  method: string
  /** What it sends if nothing is changed: texts, hidden values, and ticked boxes. */
  values: Record<string, string[]>
  /** The names of all its inputs, ticked or not. */
  names: Set<string>
  buttons: { name: string; value: string }[]
}

/** A page as a tree, or the start of one that is longer than any of the lab. */
export function html({ body }: Pick<Exchange, 'body'>): HTMLElement {
  return parse(body.slice(0, LONGEST_PAGE).split('<', MOST_TAGS).join('<'))
}

/** Reads the forms of a page. */
export function formsOn({ body, url }: Pick<Exchange, 'body' | 'url'>): Form[] {
  return html({ body })
    .querySelectorAll('form')
    .map((form) => {
      const buttons = form.querySelectorAll('button, input[type=submit]')
      const inputs = form.querySelectorAll('input[name]:not([type=submit])')
      const values: Form['values'] = {}
      for (const input of inputs.filter(isSent)) {
        values[nameOf(input)] = [...(values[nameOf(input)] ?? []), attributeValue(input)]
      }
      return {
        action: new URL(form.getAttribute('action') ?? url, url).href,
        method: form.getAttribute('method')?.toUpperCase() ?? 'GET',
        values,
        names: new Set(inputs.map(nameOf)),
        buttons: buttons.map((button) => ({ name: nameOf(button), value: attributeValue(button) })),
      }
    })
}

/**
 * The form that a person would use to fill in some fields and press a button: the first with one of
 * the fields, else the first with that button, else the first of all.
 */
export function chooseForm(forms: Form[], fields: FormFields, press: string): Form | undefined {
  return (
    forms.find(({ names }) => Object.keys(fields).some((name) => names.has(name))) ??
    forms.find(({ buttons }) => buttons.some(({ value }) => value === press)) ??
    forms[0]
  )
}

/**
 * What a form sends after someone filled in fields and pressed a button.
 *
 * @param press the button's value. Without a button `allow`, the first one that isn't `deny`
 * @throws {Error} if there is no such button
 */
export function fillIn({ values, buttons }: Form, fields: FormFields, press: string): FormFields {
  const button =
    buttons.find(({ value }) => value === press) ??
    (press === 'allow' ? buttons.find(({ value }) => value !== 'deny') : undefined)
  if (button === undefined && press !== 'allow') throw new Error(`The form has no button ${press}`)
  return { ...values, ...(button?.name && { [button.name]: button.value }), ...fields }
}

function isSent(input: HTMLElement): boolean {
  const isBox = ['checkbox', 'radio'].includes(input.getAttribute('type') ?? '')
  return !isBox || input.hasAttribute('checked')
}

function nameOf(element: HTMLElement): string {
  return element.getAttribute('name') ?? ''
}

function attributeValue(element: HTMLElement): string {
  return element.getAttribute('value') ?? ''
}
