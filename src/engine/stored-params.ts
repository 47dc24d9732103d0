import { isDeepStrictEqual } from 'node:util'
import { loadSerializer } from '../define/serializer.js'
import type { Params } from './read-params.js'

/** Params as the ledger has them: as they were passed, of secrets the names alone. */
interface StoredParams {
  input: Params
  secrets: readonly string[]
}

/** Bytes: what the smallest column for a long text holds, of MySQL. */
const MOST_BYTES = 60_000

/** What stands for a secret where params are shown. */
const HIDDEN = '•••'

/** The text that keeps params; null: none were passed. `refused`: why it can't. */
export async function writeParams(
  input: Params,
  secretNames: readonly string[] = [],
): Promise<{ text: string | null } | { refused: string }> {
  if (Object.keys(input).length === 0) return { text: null }
  const secrets = Object.keys(input).filter((name) => secretNames.includes(name))
  const kept = Object.fromEntries(Object.entries(input).filter(([name]) => !secrets.includes(name)))
  const text = await asText(kept, secrets)
  if (text === undefined) return { refused: 'they are kept as JSON, which has no functions and no objects of classes' }
  if (Buffer.byteLength(text) > MOST_BYTES)
    return { refused: `they have ${Buffer.byteLength(text)} bytes as JSON, and the maximum is ${MOST_BYTES}` }
  return { text }
}

/** Undefined: something in it would be read back as something else. */
async function asText(input: Params, secrets: readonly string[]): Promise<string | undefined> {
  const superjson = await loadSerializer()
  try {
    const text = JSON.stringify({ ...superjson.serialize(input), ...(secrets.length > 0 && { secrets }) })
    return isDeepStrictEqual(superjson.parse(text), input) ? text : undefined
  } catch {
    return undefined
  }
}

/** Reads params back. Undefined: somebody has changed the text. */
export async function readStoredParams(text: string): Promise<StoredParams | undefined> {
  const superjson = await loadSerializer()
  try {
    const { secrets = [] } = JSON.parse(text) as { secrets?: string[] }
    return { input: superjson.parse<Params>(text), secrets }
  } catch {
    return undefined
  }
}

/** Params as `history` shows them. What somebody wrote there by hand is shown as it is. */
export function shownParams(text: string | null): Record<string, unknown> | null {
  if (text === null) return null
  try {
    const { json, secrets = [] } = JSON.parse(text) as { json: object; secrets?: string[] }
    return { ...json, ...Object.fromEntries(secrets.map((name) => [name, HIDDEN])) }
  } catch {
    return { '?': text }
  }
}
