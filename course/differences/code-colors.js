import { tagHighlighter, tags } from '@lezer/highlight'

const OPERATORS = [
  tags.arithmeticOperator,
  tags.compareOperator,
  tags.controlOperator,
  tags.definitionOperator,
  tags.logicOperator,
  tags.updateOperator,
]
const NAMES = [
  tags.function(tags.variableName),
  tags.function(tags.propertyName),
  tags.className,
  tags.typeName,
  tags.attributeName,
]

/**
 * Gives each piece of code the CSS class that colors it. Browsers load this file for the editor of the exercises, so it
 * is JavaScript.
 */
export const CODE_COLORS = tagHighlighter([
  { tag: tags.comment, class: 'comment' },
  { tag: [tags.keyword, ...OPERATORS], class: 'keyword' },
  {
    tag: [tags.string, tags.special(tags.string), tags.escape, tags.regexp, tags.tagName],
    class: 'string',
  },
  { tag: NAMES, class: 'function' },
  { tag: [tags.number, tags.bool, tags.null], class: 'constant' },
])
