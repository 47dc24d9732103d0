import { existsSync } from 'node:fs'
import path from 'node:path'
import { DATABASES } from './databases/databases.mjs'
import { MEASURES } from './measures/measures.mjs'
import { makeProject, removeProject } from './project/make-project.mjs'
import { writeInto } from './support/document.mjs'
import { machine } from './support/machine.mjs'
import { readOptions } from './support/options.mjs'
import { bench, repository } from './support/paths.mjs'

if (!existsSync(path.join(bench, 'node_modules/umzug')))
  throw new Error('Its packages are not installed: npm ci --prefix bench --ignore-scripts')

const args = process.argv.slice(2)
const options = readOptions(args)
const began = performance.now()

/** @type {Record<string, string>} Texts, by the name of their markers. */
const texts = {}
/** @type {import('./databases/databases.mjs').Database[]} */
const opened = []
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => close().finally(() => process.exit(1)))
try {
  for (const name of options.databases) {
    const database = await DATABASES[name]?.open()
    if (!database) throw new Error(`no database ${name}`)
    opened.push(database)
    process.stderr.write(`› ${database.name}: making its project\n`)
    database.project = await makeProject(database)
  }
  for (const name of options.measures) {
    const measure = MEASURES[name]
    if (!measure) throw new Error(`no measure ${name}`)
    texts[name] = (await measure(opened, options)).join('\n')
    process.stdout.write(`\n${texts[name]}\n`)
  }
  const minutes = ((performance.now() - began) / 60_000).toFixed(1)
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  texts.machine = await machine(opened, { minutes, command })
  process.stdout.write(`\n${texts.machine}\n`)
  if (options.write) await writeInto(path.join(repository, 'docs/performance.md'), texts)
} finally {
  await close()
}

/** Leaves nothing behind. */
async function close() {
  for (const database of opened.splice(0)) {
    await database.drop()
    await removeProject(database)
  }
}
