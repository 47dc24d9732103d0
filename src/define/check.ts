import * as v from 'valibot'
import type { BackfillDefinition } from './backfill.js'
import type { OnFresh } from './config.js'
import type { Definition } from './definition.js'
import { isDuration } from './duration.js'
import { nearest } from './nearest.js'
import { isParamsSchema } from './params.js'
import type { TaskDefinition } from './task.js'

const duration = v.custom(isDuration, 'must be a duration, such as 500, "10s" or "5m"')
const text = v.string('must be a string')
const flag = v.boolean('must be true or false')
const ISOLATION_LEVELS = ['ReadUncommitted', 'ReadCommitted', 'RepeatableRead', 'Snapshot', 'Serializable'] as const

const transactionOptions = v.strictObject({
  timeout: v.optional(duration),
  maxWait: v.optional(duration),
  isolationLevel: v.optional(v.picklist(ISOLATION_LEVELS, `must be one of ${ISOLATION_LEVELS.join(', ')}`)),
})

const positive = v.pipe(
  v.number('must be a whole number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be 1 or more'),
)

const retryOptions = v.strictObject(
  {
    attempts: positive,
    delay: v.optional(duration),
  },
  'must be { attempts, delay }',
)

const word = v.pipe(text, v.regex(/^[^\s,]+$/, 'must be a word without spaces and commas'))

/** What `onFresh` of a task and `freshDatabase` of the config may be. */
export const ON_FRESH = ['run', 'baseline'] as const satisfies readonly OnFresh[]
export const ON_FRESH_MESSAGE = "must be 'run' or 'baseline'"

const common = {
  description: v.optional(text),
  background: v.optional(flag),
  after: v.optional(v.array(text, 'must be a list of names of tasks')),
  environments: v.optional(v.array(text, 'must be a list of strings')),
  tags: v.optional(v.pipe(v.array(word, 'must be a list of words'), v.nonEmpty('must have at least one tag'))),
  params: v.optional(v.custom(isParamsSchema, 'must be a Standard Schema, such as z.object({ … })')),
  secretParams: v.optional(v.array(text, 'must be a list of names')),
  onFresh: v.optional(v.picklist(ON_FRESH, ON_FRESH_MESSAGE)),
  transaction: v.optional(
    v.union([flag, transactionOptions], 'must be true, false or { timeout, maxWait, isolationLevel }'),
  ),
  timeout: v.optional(duration),
  retry: v.optional(retryOptions),
}

const work = v.function('must be a function')

const task = v.strictObject({
  kind: v.literal('task'),
  ...common,
  everyDeploy: v.optional(flag),
  run: work,
  verify: v.optional(work),
  when: v.optional(work),
})

const batchSize = v.union(
  [positive, v.strictObject({ target: duration, min: v.optional(positive), max: v.optional(positive) })],
  'must be a number of rows, or { target, min, max }',
)

const backfill = v.strictObject({
  kind: v.literal('backfill'),
  ...common,
  model: v.pipe(text, v.nonEmpty('must be the name of a model')),
  where: v.optional(v.record(v.string(), v.unknown(), 'must be an object')),
  select: v.optional(v.record(v.string(), v.unknown(), 'must be an object')),
  cursor: v.optional(v.union([text, v.array(text)], 'must be a field, or a list of fields')),
  batchSize: v.optional(batchSize),
  pause: v.optional(duration),
  throttle: v.optional(work),
  concurrency: v.optional(positive),
  follow: v.optional(flag),
  lock: v.optional(flag),
  onError: v.optional(v.picklist(['stop', 'skip'], "must be 'stop' or 'skip'")),
  maxSkipped: v.optional(v.pipe(v.number('must be a number of rows'), v.minValue(0, 'must be 0 or more'))),
  verify: v.optional(v.union([v.literal(true), work], 'must be true or a function')),
  when: v.optional(work),
  update: v.optional(v.function('must be a function, or an object with the change to every row')),
  updateAll: v.optional(v.record(v.string(), v.unknown())),
  parallel: v.optional(positive),
  run: v.optional(work),
  execute: v.optional(work),
})

const KINDS = {
  task: { schema: task, noun: 'a task' },
  backfill: { schema: backfill, noun: 'a backfill' },
} as const

/** A definition that may run, or what is wrong with it. */
export type CheckedTask = { task: Definition } | { faults: string[] }

/**
 * Checks what a task file exports as its default. Pure.
 *
 * @example checkTask({ kind: 'task', everyDeply: true, run })
 * // { faults: ['everyDeply is not an option of a task: did you mean everyDeploy?'] }
 */
export function checkTask(exported: unknown): CheckedTask {
  if (exported === undefined) return { faults: ['has no default export: add `export default defineTask({ … })`'] }
  const kind = kindOf(exported)
  if (kind !== 'task' && kind !== 'backfill')
    return { faults: ['its default export is not a task: use `export default defineTask({ … })`'] }
  const { schema, noun } = KINDS[kind]
  const result = v.safeParse<typeof task | typeof backfill>(schema, exported)
  if (!result.success) return { faults: describeIssues(result.issues, noun, schema) }
  const definition = exported as Definition
  const faults = definition.kind === 'backfill' ? backfillFaults(definition) : taskFaults(definition)
  if (definition.secretParams && !definition.params) faults.push('`secretParams` needs `params`: add a schema')
  return faults.length > 0 ? { faults } : { task: definition }
}

/** What no single option shows. */
function taskFaults({ everyDeploy, onFresh, background }: TaskDefinition): string[] {
  if (!everyDeploy) return []
  const refused = [onFresh === 'baseline' && "`onFresh: 'baseline'`", background && '`background`']
  return refused.filter(Boolean).map((option) => `\`everyDeploy\` and ${option} can't be combined: remove one`)
}

/** What no single option shows. */
function backfillFaults(backfill: BackfillDefinition): string[] {
  const { update, run, execute, select, follow, concurrency, lock, transaction, parallel, verify, where } = backfill
  const faults: string[] = []
  if ([update, run, execute].filter((work) => work !== undefined).length !== 1)
    faults.push('a backfill needs exactly one of `update`, `run` and `execute`')
  if (execute && select) faults.push('`execute` gets no rows: remove `select`')
  if (follow && concurrency !== undefined && concurrency > 1)
    faults.push("`follow` and `concurrency` can't be combined: remove one")
  if (lock && transaction === false) faults.push('`lock` needs a transaction: remove `transaction: false`')
  if (parallel !== undefined && !update) faults.push('`parallel` is for `update`: remove it')
  if (verify === true && !where) faults.push('`verify: true` needs a `where`: set it, or make `verify` a function')
  return faults
}

function kindOf(exported: unknown): unknown {
  return typeof exported === 'object' && exported !== null && 'kind' in exported ? exported.kind : undefined
}

/** What definitions have that nobody writes. */
const OWN = new Set(['kind', 'updateAll'])

interface Issue {
  expected: string | null
  message: string
  path?: readonly { key: unknown }[] | undefined
  issues?: readonly Issue[] | undefined
}

/** Sentences of what valibot found, each opening with the option's path. */
export function describeIssues(issues: readonly Issue[], whose: string, schema: { entries: object }): string[] {
  return issues.map((issue) => {
    // A union answers with its own message; the misspelt key inside it says more.
    const inner = issue.issues?.find((sub) => sub.expected === 'never') ?? issue
    const keys = [...(issue.path ?? []), ...(inner === issue ? [] : (inner.path ?? []))].map(({ key }) => String(key))
    const name = keys.join('.')
    if (inner.expected !== 'never') return `${name} ${missing(inner) ? 'is missing' : inner.message}`
    const known = keys.length === 1 ? Object.keys(schema.entries).filter((key) => !OWN.has(key)) : []
    const near = nearest(name, known)
    return `${name} is not an option of ${whose}${near ? `: did you mean ${near}?` : ''}`
  })
}

function missing(issue: Issue): boolean {
  return issue.expected === JSON.stringify(issue.path?.at(-1)?.key)
}
