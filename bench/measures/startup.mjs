import { makeTaskFiles } from '../project/task-files.mjs'
import { alternate } from '../support/alternate.mjs'
import { median, ratio, spread, thousands } from '../support/figures.mjs'
import { table } from '../support/table.mjs'
import { commandsOf } from './commands.mjs'

const MANY = 5000
const BARE = 'bare script, one query'

/** @type {import('./measures.mjs').MEASURES['startup']} */
export async function measureStartup(databases, { starts }) {
  const cells = []
  for (const database of databases.filter(({ provider }) => provider !== 'mysql')) {
    process.stderr.write(`› starts on ${database.name}\n`)
    const results = await startAll(database, starts)
    const bare = median(results[BARE] ?? [])
    for (const [name, times] of Object.entries(results))
      cells.push([
        name,
        database.name,
        spread(times),
        name === BARE ? '' : ratio(median(times), bare),
        String(times.length),
      ])
  }
  return table(['whole process', 'database', 'time', 'of the bare script', 'runs'], cells)
}

/** @param {import('../databases/databases.mjs').Database} database @param {number} starts */
async function startAll(database, starts) {
  const project = database.project ?? ''
  const none = await makeTaskFiles(project, 0)
  const many = await makeTaskFiles(project, MANY)
  const { afterParty, umzug, bare, prismaMigrateDeploy, clearLedger, noteDone } = commandsOf(database)
  const manyDone = thousands(MANY)
  /** @type {Record<string, { run(): Promise<number>, records: number }>} */
  const commands = {
    [BARE]: { run: bare, records: 0 },
    'after-party run, nothing done yet': { run: () => afterParty(none.tasks), records: 0 },
    'umzug up, nothing done yet': { run: () => umzug(none.migrations), records: 0 },
    'prisma migrate deploy': { run: prismaMigrateDeploy, records: 0 },
    [`after-party run, ${manyDone} done`]: { run: () => afterParty(many.tasks), records: MANY },
    [`umzug up, ${manyDone} done`]: { run: () => umzug(many.migrations), records: MANY },
  }
  let records = -1
  const results = await alternate(
    Object.keys(commands),
    starts,
    async (name) => {
      const command = commands[name]
      if (!command) throw new Error(name)
      if (command.records !== records) await (command.records > 0 ? noteDone(many.tasks) : clearLedger())
      records = command.records
      return command.run()
    },
    // It takes so long that a few times tell.
    (name) => (name === 'prisma migrate deploy' ? Math.min(starts, 3) : starts),
  )
  await clearLedger()
  return results
}
