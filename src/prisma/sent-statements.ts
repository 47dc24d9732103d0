import { AsyncLocalStorage } from 'node:async_hooks'
import { type Tracing, tracingOf } from './internals.js'

/** Those who listen now, by what a client's engine reports its statements to. */
const listening = new WeakMap<Tracing, { ears: number }>()
const heard = new AsyncLocalStorage<string[]>()
/** Of all clients together. */
let ears = 0

/**
 * The SQL that a client's engine sends for an operation of ours, as it reports it to its tracing. Empty where it does
 * not say: Prisma 6's own engine, and clients that we don't know. The operation may fail. The only
 * place that tells what an adapter with private options makes of a name.
 */
export async function sentStatements(client: object, operation: () => Promise<unknown>): Promise<string[]> {
  const tracing = tracingOf(client)
  if (!tracing || !Object.isExtensible(tracing)) return []
  const statements: string[] = []
  const end = listen(tracing)
  ears += 1
  try {
    // Prisma's promises send nothing before they are awaited.
    await heard.run(statements, async () => {
      await operation()
    })
  } finally {
    end()
    ears -= 1
    // As long as it is on, Node follows every promise of the process, which takes three times as long.
    if (ears === 0) heard.disable()
  }
  return statements
}

/** Own methods before those of the class, which are there again as soon as nobody listens. */
function listen(tracing: Tracing): () => void {
  const listeners = listening.get(tracing) ?? { ears: 0 }
  listening.set(tracing, listeners)
  if (listeners.ears === 0) {
    const report = tracing.runInChildSpan
    tracing.isEnabled = () => true
    tracing.runInChildSpan = function (options, work) {
      const text = typeof options === 'object' ? options.attributes?.['db.query.text'] : undefined
      if (typeof text === 'string') heard.getStore()?.push(text)
      return report.call(this, options, work) as ReturnType<typeof work>
    }
  }
  listeners.ears += 1
  return () => {
    listeners.ears -= 1
    if (listeners.ears > 0) return
    delete tracing.isEnabled
    delete (tracing as Partial<Tracing>).runInChildSpan
  }
}

const NAME = '(?:`(?:[^`]|``)+`|"(?:[^"]|"")+")'
const FROM = new RegExp(`\\bFROM (?:(${NAME})\\.)?(${NAME})`, 'g')

/**
 * The schema (on MySQL: the database) that statements name before a table, or before any: null where they name none.
 * Undefined when they don't name the table, or not all in one way.
 */
export function schemaNamed(statements: readonly string[], table?: string): string | null | undefined {
  const named = new Set(
    statements.flatMap((sql) =>
      [...sql.matchAll(FROM)].flatMap(([, schema, name]) =>
        name !== undefined && (table === undefined || unquoted(name) === table)
          ? [schema === undefined ? null : unquoted(schema)]
          : [],
      ),
    ),
  )
  const [one, another] = named
  return another === undefined ? one : undefined
}

function unquoted(name: string): string {
  const quote = name.charAt(0)
  return name.slice(1, -1).replaceAll(quote + quote, quote)
}
