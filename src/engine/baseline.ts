import type { TaskRef } from '../define/events.js'
import type { Engine } from './engine.js'
import type { PlanEntry } from './plan.js'

/** A plan whose baseline is recorded, and the tasks of it that this process recorded. */
interface Recorded {
  tasks: PlanEntry[]
  baseline: TaskRef[]
}

/**
 * Records the tasks of a plan that are `fresh-baseline`, without running them. If another process was first with one,
 * everything is planned again: that task is then what the other process made of it.
 */
export async function withBaseline(
  engine: Engine,
  planned: PlanEntry[],
  planAgain: () => Promise<PlanEntry[]>,
): Promise<Recorded> {
  const ours = new Map<string, PlanEntry>()
  const isLeft = ({ version, reason }: PlanEntry) => reason.code === 'fresh-baseline' && !ours.has(version)
  let tasks = planned
  while (tasks.some(isLeft)) {
    for (const task of tasks.filter(isLeft)) if (await record(engine, task)) ours.set(task.version, task)
    if (tasks.some(isLeft)) tasks = (await planAgain()).map((task) => ours.get(task.version) ?? task)
  }
  return { tasks, baseline: [...ours.values()].map(({ version, name }) => ({ version, name })) }
}

async function record({ ledger, owner }: Engine, { version, name, record: seen }: PlanEntry): Promise<boolean> {
  const at = new Date(await ledger.now())
  return ledger.mark(seen, { version, name, status: 'baseline', at, owner })
}
