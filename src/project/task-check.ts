import { closest } from 'fastest-levenshtein'
import * as v from 'valibot'
import { isDuration } from '../duration.js'
import type { TaskDefinition } from '../task.js'

const duration = v.custom(isDuration, 'must be a duration, such as 500, "10s" or "5m"')
const text = v.string('must be a text')
const flag = v.boolean('must be true or false')
const ISOLATION_LEVELS = ['ReadUncommitted', 'ReadCommitted', 'RepeatableRead', 'Snapshot', 'Serializable'] as const

const transactionOptions = v.strictObject({
  timeout: v.optional(duration),
  maxWait: v.optional(duration),
  isolationLevel: v.optional(v.picklist(ISOLATION_LEVELS, `must be one of ${ISOLATION_LEVELS.join(', ')}`)),
})

const retryOptions = v.strictObject(
  {
    attempts: v.pipe(
      v.number('must be a whole number'),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be 1 or more'),
    ),
    delay: v.optional(duration),
  },
  'must be { attempts, delay }',
)

const task = v.strictObject({
  kind: v.literal('task'),
  description: v.optional(text),
  everyDeploy: v.optional(flag),
  environments: v.optional(v.array(text, 'must be a list of texts')),
  transaction: v.optional(
    v.union([flag, transactionOptions], 'must be true, false or { timeout, maxWait, isolationLevel }'),
  ),
  timeout: v.optional(duration),
  retry: v.optional(retryOptions),
  run: v.function('must be a function'),
})

/** A definition that may run, or what is wrong with it. */
export type CheckedTask = { task: TaskDefinition } | { faults: string[] }

/**
 * Checks what a task file exports as its default. Pure.
 *
 * @example checkTask({ kind: 'task', everyDeply: true, run })
 * // { faults: ['everyDeply is not an option of a task: did you mean everyDeploy?'] }
 */
export function checkTask(exported: unknown): CheckedTask {
  if (exported === undefined) return { faults: ['has no default export: write `export default defineTask({ … })`'] }
  const kind = kindOf(exported)
  if (kind !== 'task') return { faults: ['its default export is not a task: write `export default defineTask({ … })`'] }
  const result = v.safeParse(task, exported)
  if (result.success) return { task: exported as TaskDefinition }
  return { faults: describeIssues(result.issues, 'a task', task) }
}

function kindOf(exported: unknown): unknown {
  return typeof exported === 'object' && exported !== null && 'kind' in exported ? exported.kind : undefined
}

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
    const known = keys.length === 1 ? Object.keys(schema.entries).filter((key) => key !== 'kind') : []
    const near = known.length > 0 ? closest(name, known) : undefined
    return `${name} is not an option of ${whose}${near ? `: did you mean ${near}?` : ''}`
  })
}

function missing(issue: Issue): boolean {
  return issue.message.startsWith('Invalid key')
}
