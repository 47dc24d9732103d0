import { makeTaskFiles } from '../project/task-files.mjs'
import { alternate } from '../support/alternate.mjs'
import { median, spread, thousands, time } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { commandsOf } from './commands.mjs'

const TASKS = 1000
const MOST_ROUNDS = 2

/** @type {import('./measures.mjs').MEASURES['tasks']} */
export async function measureTasks(databases, { rounds }) {
  const cells = []
  for (const database of databases.filter(({ provider }) => provider !== 'mysql')) {
    process.stderr.write(`› ${thousands(TASKS)} tasks on ${database.name}\n`)
    const { tasks, migrations } = await makeTaskFiles(database.project ?? '', TASKS)
    const { afterParty, umzug, bare, clearLedger } = commandsOf(database)
    /** @type {Record<string, () => Promise<number>>} */
    const contestants = {
      'after-party run': () => afterParty(tasks),
      'umzug up': () => umzug(migrations),
      'bare script': bare,
    }
    const results = await alternate(Object.keys(contestants), Math.min(rounds, MOST_ROUNDS), async (name) => {
      await clearLedger()
      return contestants[name]?.() ?? 0
    })
    await clearLedger()
    const start = median(results['bare script'] ?? [])
    for (const name of ['after-party run', 'umzug up']) {
      const times = results[name] ?? []
      const each = (median(times) - start) / TASKS
      cells.push([name, database.name, spread(times), time(each), String(times.length)])
    }
  }
  return table(
    [`${thousands(TASKS)} tasks`, 'database', 'whole process', 'per task, less a bare script', 'runs'],
    cells,
  )
}
