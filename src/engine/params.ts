import type { Definition } from '../define/definition.js'
import { AfterPartyError } from '../define/errors.js'
import { ParamTexts } from '../define/params.js'
import { isUnfinished, type TaskRecord } from '../ledger/contract.js'
import type { Fault } from '../project/task-files.js'
import type { Engine } from './engine.js'
import type { PlanEntry } from './plan.js'
import { describeProblem, type ParamProblem, readParams, unknownParams } from './read-params.js'
import { readStoredParams, writeParams } from './stored-params.js'

/** The params that a task runs with. */
export interface TaskParams {
  /** What the schema made of them: `context.params`. */
  readonly value: unknown
  /** As they were passed, for the ledger. Null: none were. */
  readonly text: string | null
  /** They were passed to this run, not to an attempt before it. */
  readonly own: boolean
}

/** The tasks of a plan with their params, and what is wrong with those that nobody passed to this run. */
export interface PlannedParams {
  tasks: PlanEntry[]
  faults: Fault[]
}

/** Finds the params of everything about to run. Throws `params-invalid` for those of a task that was named. */
export async function planParams(
  { ledger }: Pick<Engine, 'ledger'>,
  tasks: readonly PlanEntry[],
  { params, byName = false }: { params?: object | undefined; byName?: boolean } = {},
): Promise<PlannedParams> {
  const faults: Fault[] = []
  const planned: PlanEntry[] = []
  for (const task of tasks) {
    const { runs, definition, name, record, state, file, version } = task
    if (!runs || !definition) planned.push(task)
    else if (params !== undefined) planned.push({ ...task, params: await passedParams(definition, name, params) })
    // Whoever has the task has its params. They are looked up should it be ours one day.
    else if (!definition.params || state === 'running') planned.push(task)
    else {
      const before = record && isUnfinished(record) ? await ledger.record(version) : null
      const found = await paramsAfter(definition, name, before)
      if ('problem' in found) {
        if (byName) throw found.problem.error
        faults.push({ file: file?.file ?? name, message: found.problem.message })
      }
      planned.push('problem' in found ? task : { ...task, params: found })
    }
  }
  return { tasks: planned, faults }
}

/** Params that were passed to a run, for a task that it names. Throws `params-invalid`. */
export async function passedParams(
  { params: schema, secretParams: secrets }: Definition,
  name: string,
  given: object,
): Promise<TaskParams> {
  if (!schema)
    throw new AfterPartyError('params-invalid', {
      what: `${name} takes no parameters.`,
      next: 'Pass none, or add `params` to the task.',
    })
  const read = await readParams(schema, given instanceof ParamTexts ? given : { ...given }, secrets)
  if ('problems' in read) throw invalid(name, read.problems)
  const unknown = await unknownParams(schema, read)
  if (unknown.length > 0) throw invalid(name, unknown)
  const written = await writeParams(read.input, secrets)
  if ('refused' in written) throw invalid(name, [{ message: `They can't be stored: ${written.refused}.` }])
  return { value: read.value, text: written.text, own: true }
}

/**
 * The params of an attempt that nobody passed any to, by the record as it is when it is claimed: another process may
 * have begun the task with others since it was planned. Throws `params-invalid`.
 */
export async function paramsAtClaim(
  { definition, name, params: planned }: Pick<PlanEntry, 'definition' | 'name' | 'params'>,
  record: TaskRecord | null,
): Promise<TaskParams | undefined> {
  if (!definition?.params || planned?.own) return planned
  if (planned && planned.text === storedIn(record)) return planned
  const found = await paramsAfter(definition, name, record)
  if ('problem' in found) throw found.problem.error
  return found
}

interface Problem {
  problem: { message: string; error: AfterPartyError }
}

/** Those of the attempt before, if it did not get the task done. Otherwise none: defaults are the schema's. */
async function paramsAfter(
  definition: Definition,
  name: string,
  record: TaskRecord | null,
): Promise<TaskParams | Problem> {
  const text = storedIn(record)
  if (text === null) return defaultsOf(definition, name)
  const stored = await readStoredParams(text)
  const secrets = stored?.secrets ?? []
  const [secret] = secrets
  const again = (names: readonly string[]) => `Pass them again: \`${commandWith(name, names)}\``
  const names = [...Object.keys(stored?.input ?? {}), ...secrets]
  if (secret !== undefined)
    return problem(name, `its last attempt had the secret parameter ${secret}, which is not stored. ${again(names)}`)
  const read = stored && definition.params ? await readParams(definition.params, stored.input) : undefined
  if (read && 'value' in read) return { value: read.value, text, own: false }
  const why = read ? `: ${read.problems.map(describeProblem).join('; ')}` : ''
  return problem(name, `the parameters of its last attempt can't be used any more${why}. ${again(names)}`)
}

async function defaultsOf({ params: schema }: Definition, name: string): Promise<TaskParams | Problem> {
  const read = schema ? await readParams(schema, {}) : { value: undefined }
  if ('value' in read) return { value: read.value, text: null, own: false }
  const { problems } = read
  const names = [...new Set(problems.flatMap(({ name }) => name ?? []))]
  const message =
    names.length > 0 && problems.every(({ name }) => name !== undefined)
      ? `needs a default for the ${names.length === 1 ? 'parameter' : 'parameters'} ${names.join(', ')}, because a deploy passes none`
      : `needs parameters that may be left out, because a deploy passes none: ${problems.map(describeProblem).join('; ')}`
  return {
    problem: { message, error: invalid(name, problems, names.length > 0 ? commandWith(name, names) : undefined) },
  }
}

function problem(name: string, message: string): Problem {
  return { problem: { message, error: invalid(name, [{ message }]) } }
}

function invalid(name: string, problems: readonly ParamProblem[], command?: string): AfterPartyError {
  return new AfterPartyError('params-invalid', {
    what: `The parameters of ${name} are not valid.`,
    why: problems.map(describeProblem).join('\n'),
    next: command ? `Pass them: \`${command}\`.` : 'Nothing was run. Fix them and run the command again.',
  })
}

function commandWith(name: string, params: readonly string[]): string {
  return [`npx after-party run ${name}`, ...params.map((param) => `--param ${param}=<${param}>`)].join(' ')
}

function storedIn(record: TaskRecord | null): string | null {
  return record && isUnfinished(record) ? record.params : null
}
