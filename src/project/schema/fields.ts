import { closingOf, skipCommentOrString, statementsOf } from './scan.js'

/** An attribute as `@default(0)` is one: its name without the `@`, its arguments without white space. */
export interface Attribute {
  name: string
  args: string
}

/** A field of a model. `arity` is empty for a required one. */
export interface Field {
  name: string
  type: string
  arity: '' | '?' | '[]'
  attributes: Attribute[]
}

/** A model's body, read as far as comparing needs it. */
export interface ModelShape {
  fields: Field[]
  /** The attributes of the model itself, `@@map` as `map`. */
  attributes: Attribute[]
}

const FIELD = /^([A-Za-z]\w*)\s+([A-Za-z]\w*(?:\s*\("[^"]*"\))?)\s*(\?|\[\s*\])?/
const ATTRIBUTE = /@@?([A-Za-z]\w*(?:\.[A-Za-z]\w*)?)\s*/y

/** Reads fields and attributes out of a model's body. */
export function readModel(body: string): ModelShape {
  const shape: ModelShape = { fields: [], attributes: [] }
  for (const statement of statementsOf(body)) {
    if (statement.startsWith('@@')) {
      shape.attributes.push(...readAttributes(statement))
      continue
    }
    const field = FIELD.exec(statement)
    const [matched, name, type, arity] = field ?? []
    if (matched === undefined || name === undefined || type === undefined) continue
    shape.fields.push({
      name,
      type,
      arity: arity === '?' ? '?' : arity === undefined ? '' : '[]',
      attributes: readAttributes(statement.slice(matched.length)),
    })
  }
  return shape
}

/** The `key = value` lines of a generator or datasource, values as they were written. */
export function readSettings(body: string): Map<string, string> {
  const settings = new Map<string, string>()
  for (const statement of statementsOf(body)) {
    const [, key, value] = /^(\w+)\s*=\s*([\s\S]*)$/.exec(statement) ?? []
    if (key && value !== undefined) settings.set(key, value.trim())
  }
  return settings
}

/** The text of a string literal, or undefined when the value is something else. */
export function stringOf(value: string | undefined): string | undefined {
  if (value === undefined || !/^"(?:[^"\\]|\\.)*"$/.test(value)) return undefined
  return value.slice(1, -1).replace(/\\(.)/g, '$1')
}

/** The string literals of a list, or of a single string. */
export function stringsOf(value: string | undefined): string[] {
  return (value?.match(/"(?:[^"\\]|\\.)*"/g) ?? []).flatMap((literal) => stringOf(literal) ?? [])
}

/** How an attribute is written: `@default(0)`. */
export function attributeText({ name, args }: Attribute): string {
  return args ? `@${name}(${args})` : `@${name}`
}

function readAttributes(text: string): Attribute[] {
  const attributes: Attribute[] = []
  for (let at = 0; at < text.length; ) {
    ATTRIBUTE.lastIndex = at
    const found = ATTRIBUTE.exec(text)
    if (!found?.[1]) {
      at++
      continue
    }
    at += found[0].length
    const end = text[at] === '(' ? closingOf(text, at + 1, '()') : at
    attributes.push({ name: found[1], args: end > at ? plainArguments(text.slice(at + 1, end)) : '' })
    at = end > at ? end + 1 : at
  }
  return attributes
}

/** Without white space outside strings and without the name of the only argument: `value: 0` is `0`. */
function plainArguments(args: string): string {
  let plain = ''
  for (let at = 0; at < args.length; ) {
    const behind = skipCommentOrString(args, at)
    if (behind > at) plain += args.slice(at, behind)
    else if (!/\s/.test(args.charAt(at))) plain += args.charAt(at)
    at = Math.max(behind, at + 1)
  }
  return plain.replace(/^(?:value|name|fields):/, '')
}
