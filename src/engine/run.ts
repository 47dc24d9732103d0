import type { Definition } from '../define/definition.js'
import { AfterPartyError, storable } from '../define/errors.js'
import type { Outcome, RunResult, TaskRef, TaskResult } from '../define/events.js'
import { monotonicNow } from '../ledger/clock.js'
import type { TaskFile } from '../project/task-files.js'
import { withBaseline } from './baseline.js'
import type { Engine, RunEngine } from './engine.js'
import { orderFaults, tasksBefore, withAllBefore } from './order.js'
import { planParams } from './params.js'
import { isAfter, leavesOut, mayRun, type PlanEntry, plannedTask, planTasks } from './plan.js'
import { faultsError, loadDefinitions, resolveNames, walkFaultsOf } from './prepare.js'
import { refOf, ring } from './ring.js'
import type { RunOptions } from './run-options.js'
import { demandKnownTags, isFiltered } from './tags.js'

/** What a plan of a run depends on. */
export type PlanOptions = Pick<
  RunOptions,
  'names' | 'deployId' | 'fresh' | 'upTo' | 'tags' | 'excludeTags' | 'params' | 'lane' | 'awaited'
>

/**
 * What a run would do, everything about to run loaded and checked. Throws `tasks-invalid` with all faults,
 * `task-unknown`, `tag-unknown`, `params-invalid`, `usage`, or `environment-left-out` for a named task that this environment leaves out.
 */
export async function planRun(engine: Engine, options: PlanOptions): Promise<PlanEntry[]> {
  const { names, deployId, fresh, upTo, tags, excludeTags, params, lane } = options
  demandStorable(deployId)
  const byName = names !== undefined && names.length > 0
  if (byName && isFiltered(options)) throw namesAndTags()
  const [{ files, faults }, records] = await Promise.all([
    engine.source.list(),
    // What is named may be done, and is claimed all the same: that takes its whole record.
    byName ? engine.ledger.records() : engine.ledger.recordsForRun(),
  ])
  const named = byName ? resolveNames(names, files, records) : undefined
  if (params !== undefined && named?.size !== 1) throw paramsWithoutName()
  const byVersion = new Map(records.map((record) => [record.version, record]))
  // Of a new database, all that become its baseline are recorded before anything runs.
  const isLater = (version: string) => fresh === undefined && isAfter(version, upTo)
  const candidates = files.filter(
    ({ version }) => !isLater(version) && (named ? named.has(version) : mayRun(byVersion.get(version))),
  )
  const loaded = await loadDefinitions(engine.source, candidates)
  const { definitions } = loaded
  await demandKnownTags(options, { source: engine.source, files, definitions })
  const now = records.some(({ status }) => status === 'running') ? await engine.ledger.now() : 0
  const awaited = options.awaited && withAllBefore(options.awaited, { files, definitions })
  const wanted = { deployId, named, fresh, upTo, tags, excludeTags, lane, awaited }
  const tasks = planTasks({ files, records, definitions, now, environment: engine.environment, ...wanted })
  const planned = await planParams(engine, tasks, { params, byName })
  const order = orderFaults(files, definitions)
  const all = [...faults, ...loaded.faults, ...order, ...(await walkFaultsOf(engine, tasks)), ...planned.faults]
  if (all.length > 0) throw faultsError(all, engine.source.place)
  for (const task of tasks)
    if (named?.has(task.version) && task.reason.code === 'other-environment') throw leftOut(engine, task)
  return withTasksBefore(engine, planned.tasks, { files, definitions })
}

/** A task that this environment leaves out is never done here: nothing waits for it. */
export async function withTasksBefore(
  { source, environment }: Engine,
  tasks: PlanEntry[],
  { files, definitions }: { files: readonly TaskFile[]; definitions: ReadonlyMap<string, Definition> },
): Promise<PlanEntry[]> {
  const comesAfter = tasks.filter(({ runs, definition }) => runs && definition?.after?.length)
  if (comesAfter.length === 0) return tasks
  const before = new Map(comesAfter.map(({ version, definition }) => [version, tasksBefore(definition ?? {}, files)]))
  const needed = new Set([...before.values()].flat().map(({ version }) => version))
  const unread = files.filter(({ version }) => needed.has(version) && !definitions.has(version))
  const known = new Map([...definitions, ...(await loadDefinitions(source, unread)).definitions])
  const isDoneHere = ({ version }: TaskRef) => !leavesOut(known.get(version) ?? null, environment)
  return tasks.map((task) => {
    const its = before.get(task.version)
    return its ? { ...task, before: its.filter(isDoneHere) } : task
  })
}

/** A run goes on without a task that waits, and without one that somebody paused or cancelled. */
function isLeftOut({ outcome, reason }: TaskResult): boolean {
  return outcome === 'waiting' || outcome === 'cancelled' || (outcome === 'paused' && reason?.code === 'requested')
}

function namesAndTags(): AfterPartyError {
  return new AfterPartyError('usage', {
    what: "Names of tasks can't be combined with tags.",
    next: 'Pass names, or `--tag` and `--exclude-tag`.',
  })
}

function paramsWithoutName(): AfterPartyError {
  return new AfterPartyError('usage', {
    what: 'Parameters are for one task.',
    why: 'A deploy passes none, and each task has its own.',
    next: 'Name the task: `npx after-party run <name> --param name=value`.',
  })
}

/** What MySQL's column for a String holds. */
const LONGEST_DEPLOY_ID = 191

function demandStorable(deployId: string | undefined): void {
  if (deployId === undefined) return
  if (storable(deployId) !== deployId)
    throw new AfterPartyError('usage', {
      what: `The deploy id has invalid characters: ${JSON.stringify(deployId.slice(0, 40))}.`,
      why: "Databases can't store a NUL or half of a surrogate pair.",
      next: 'Pass another id, such as a commit or a release, with `--deploy-id` or AFTER_PARTY_DEPLOY_ID.',
    })
  if (deployId.length <= LONGEST_DEPLOY_ID) return
  throw new AfterPartyError('usage', {
    what: `The deploy id has ${deployId.length} characters. The maximum is ${LONGEST_DEPLOY_ID}.`,
    why: `It starts with ${deployId.slice(0, 40)}…`,
    next: 'Pass a shorter id, such as a commit or a release, with `--deploy-id` or AFTER_PARTY_DEPLOY_ID.',
  })
}

function leftOut({ environment }: Engine, { name, definition }: PlanEntry): AfterPartyError {
  const [wanted] = definition?.environments ?? []
  return new AfterPartyError('environment-left-out', {
    what: `${name} does not run in the environment ${environment}, only in: ${definition?.environments?.join(', ')}.`,
    next:
      wanted === undefined
        ? 'Its `environments` is empty.'
        : `To run it in that environment: \`npx after-party run ${name} --env ${wanted}\`.`,
  })
}

/** Runs what the plan says, in order, one task at a time. The first that does not end well is the last. */
export async function run(engine: RunEngine, options: RunOptions): Promise<RunResult> {
  const { database } = engine
  const planned = await planRun(engine, options)
  // A client that can't be made, or that does not fit the ledger, is no fault of a task.
  if (planned.some(({ runs }) => runs)) await engine.tasksClient()
  // Before the first task: if this process dies in one of them, the next run doesn't know that the database was new.
  const { tasks, baseline } = await withBaseline(engine, planned, () => planRun(engine, options))
  const queue = tasks.filter((task) => task.runs)
  options.emit({ type: 'planned', tasks: tasks.map(plannedTask), database })
  if (baseline.length > 0) options.emit({ type: 'baseline', tasks: baseline })
  const ours = queue.filter(({ flags }) => options.lane !== 'background' && flags.includes('background')).map(refOf)
  if (ours.length > 0) await engine.ledger.enlist(ours, 'foreground')
  const results: TaskResult[] = []
  let outcome: Outcome = 'done'
  while (queue[0] && outcome === 'done') {
    if (options.signal.aborted) outcome = 'interrupted'
    else if (monotonicNow() >= options.stopAt) break
    else {
      // With nothing to do, none of what runs tasks is loaded.
      const { runTask } = await import('./run-task.js')
      // Whoever works in the background leaves it to us: they would be faster to take it, again and again.
      if (ours.some(({ version }) => version === queue[0]?.version))
        await engine.ledger.enlist([queue[0]], 'foreground')
      const result = await runTask(engine, queue[0], options)
      queue.shift()
      results.push(result)
      // A task that had committed by then is done all the same; it is the run that can't go on.
      if (options.crashed?.aborted) outcome = 'failed'
      else if (!isLeftOut(result)) outcome = result.outcome as Outcome
    }
  }
  const isDone = ({ version }: TaskRef) => results.some((one) => one.version === version && one.outcome === 'done')
  const open = [...tasks.filter(({ reason }) => reason.code === 'background'), ...ours].map(refOf)
  // What comes after a task that did not get done may need it.
  const before = outcome === 'done' ? queue[0]?.version : results.at(-1)?.version
  const handedOver = open.filter((task) => !isDone(task) && (before === undefined || task.version <= before))
  await ring(engine, handedOver, options)
  if (outcome === 'done' && queue.length > 0) outcome = 'paused'
  const { deployId } = options
  const result: RunResult = {
    outcome,
    database,
    results,
    ...(baseline.length > 0 && { baseline }),
    ...(handedOver.length > 0 && { background: handedOver }),
    ...(deployId !== undefined && { deployId }),
  }
  options.emit({ type: 'ended', result, notRun: queue.map(({ version, name }) => ({ version, name })) })
  return result
}
