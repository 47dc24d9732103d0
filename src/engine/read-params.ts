import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../define/errors.js'
import { nearest } from '../define/nearest.js'
import { type ParamsSchema, ParamTexts, type SchemaIssue, type SchemaResult } from '../define/params.js'

/** Params by their names. */
export type Params = Readonly<Record<string, unknown>>

/** Something that is wrong with params: of one, by its name, or of all together. */
export interface ParamProblem {
  name?: string
  message: string
}

/** Params that a schema accepts: what it made of them, and what it was given. */
export interface AcceptedParams {
  value: unknown
  input: Params
}

/** What a schema makes of params, or what is wrong with them. What it says of secrets is left out. */
export async function readParams(
  schema: ParamsSchema,
  given: Params | ParamTexts,
  secrets: readonly string[] = [],
): Promise<AcceptedParams | { problems: ParamProblem[] }> {
  const read = given instanceof ParamTexts ? await validateTexts(schema, given.texts) : await validate(schema, given)
  const { input, result } = read
  if (result.issues) return { problems: result.issues.map((issue) => problemOf(issue, input, secrets)) }
  return { value: result.value, input }
}

/** Params that change nothing: a schema that leaves out what it does not know would hide that a name is misspelt. */
export async function unknownParams(schema: ParamsSchema, { value, input }: AcceptedParams): Promise<ParamProblem[]> {
  const known = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const problems: ParamProblem[] = []
  for (const name of Object.keys(input).filter((key) => !known.includes(key))) {
    const { [name]: _, ...rest } = input
    const { result } = await validate(schema, rest)
    if (result.issues || !isDeepStrictEqual(result.value, value)) continue
    const near = nearest(name, known)
    problems.push({ name, message: `is not a parameter of this task${near ? `. Did you mean ${near}?` : ''}` })
  }
  return problems
}

/** A problem as one line. */
export function describeProblem({ name, message }: ParamProblem): string {
  return name === undefined ? message : `${name}: ${message}`
}

interface Read {
  input: Params
  result: SchemaResult
}

async function validate(schema: ParamsSchema, input: Params): Promise<Read> {
  try {
    return { input, result: await schema['~standard'].validate(input) }
  } catch (error) {
    return { input, result: { issues: [{ message: `the schema threw: ${messageOf(error)}` }] } }
  }
}

/** As texts; those that the schema refuses, as JSON. */
async function validateTexts(schema: ParamsSchema, texts: Readonly<Record<string, string>>): Promise<Read> {
  const first = await validate(schema, texts)
  const { issues } = first.result
  if (!issues) return first
  const refused = Object.keys(texts).filter((name) => issues.some((issue) => nameOf(issue) === name))
  // Of a union, say, a schema may not tell which of them it refuses.
  const json = asJson(texts, refused.length > 0 ? refused : Object.keys(texts))
  if (Object.keys(json).length === 0) return first
  const second = await validate(schema, { ...texts, ...json })
  if (!second.result.issues) return second
  if (refused.length === 0) return first
  const bothWays = second.result.issues.map((issue) => {
    const name = nameOf(issue)
    const asText = issues.find((other) => name !== undefined && nameOf(other) === name)
    const told = name !== undefined && Object.hasOwn(json, name) && asText && asText.message !== issue.message
    return told ? { ...issue, message: `as text: ${asText.message}; as JSON: ${issue.message}` } : issue
  })
  return { input: second.input, result: { issues: bothWays } }
}

/** Those of the texts that are JSON. */
function asJson(texts: Readonly<Record<string, string>>, names: readonly string[]): Params {
  const read = names.flatMap((name) => {
    try {
      return [[name, JSON.parse(texts[name] ?? '') as unknown]]
    } catch {
      return []
    }
  })
  return Object.fromEntries(read)
}

function nameOf({ path = [] }: SchemaIssue): string | undefined {
  const [first] = keysOf(path)
  return first
}

function keysOf(path: NonNullable<SchemaIssue['path']>): string[] {
  return path.map((part) => String(typeof part === 'object' ? part.key : part))
}

function problemOf(issue: SchemaIssue, input: Params, secrets: readonly string[]): ParamProblem {
  const [name, ...rest] = keysOf(issue.path ?? [])
  const given = secrets.filter((secret) => input[secret] !== undefined)
  const tells = given.some(
    (secret) => secret === name || wordsOf(input[secret]).some((word) => issue.message.includes(word)),
  )
  const message = tells ? 'is not valid. The reason is not shown, because it may contain a secret' : issue.message
  return name === undefined
    ? { message }
    : { name, message: rest.length > 0 && !tells ? `${rest.join('.')}: ${message}` : message }
}

/** A value as a message may have it, and what is in it. */
function wordsOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(wordsOf)
  const text = typeof value === 'string' ? value : String(value)
  return [text, JSON.stringify(text).slice(1, -1)].filter((word) => word !== '')
}
