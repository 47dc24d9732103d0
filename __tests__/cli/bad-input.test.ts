import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Project, type Ran } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'

/** Every fault that can be put right: exit 2, what and why and what next, nothing run, nothing lost, no secret told. */

const SECRET = 'hunter2'
const TASK = `import { defineTask } from 'after-party'\nexport default defineTask({ run() {} })\n`

/** A project with one task that is due and would leave a file behind, so that anything run is seen. */
async function projectWithWitness(): Promise<Project> {
  const project = await Project.create()
  await project.task('20260101000000_witness', `(await import('node:fs')).writeFileSync('witness', '')`)
  return project
}

/** Runs a command that must be refused, and gives what it said. */
async function refused(project: Project, ...args: string[]): Promise<string> {
  return expectRefused(project, await project.afterParty(...args))
}

/** What a command said that must have been refused. */
function expectRefused(project: Project, { code, stdout, stderr }: Ran): string {
  expect({ code, stderr }).toMatchObject({ code: 2 })
  expect(stderr).toMatch(/✖ .+/)
  expect(stderr).toMatch(/→ .+/)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout + stderr).not.toContain(SECRET)
  expect(stdout).toBe('')
  expect(existsSync(project.path('witness'))).toBe(false)
  return stderr
}

describe('the invocation', () => {
  let project: Project
  beforeAll(async () => {
    project = await projectWithWitness()
    ran = await project.inOneProcess([
      ...INVOCATIONS.map(([, args]) => args),
      ...UNKNOWN.map((args) => [...args, 'witnes']),
    ])
  })
  afterAll(() => project.remove())

  const INVOCATIONS: readonly (readonly [what: string, args: string[], says: string])[] = few(
    [
      ['no command', [], 'Missing command. Use one of: init, new, run'],
      ['an unknown command', ['rnu'], 'Unknown command: rnu.\n→ Did you mean run?'],
      ['an unknown option', ['run', '--dry-rnu'], 'Unknown option: --dry-rnu.\n→ Did you mean --dry-run?'],
      ['an option of another command', ['status', '--all'], 'Unknown option: --all.'],
      ['an argument too many', ['status', 'witness'], 'Unknown argument: witness.'],
      ['an option without its value', ['run', '--env'], 'Not enough arguments following: env'],
      [
        'a value for a flag, which yargs would take for false',
        ['run', '--dry-run=yes'],
        '--dry-run takes true or false, not "yes".',
      ],
      ['a length of time without a unit that is one', ['run', '--lock-timeout', 'soon'], '"soon" is not a duration'],
      ['a negative length of time', ['run', '--grace=-5s'], '"-5s" is not a duration'],
      ['a lease that no heartbeat fits into', ['run', '--lease', '0'], 'A lease of 0 is too short'],
      ['mark without a state', ['mark', 'witness'], 'Pass exactly one of --done, --pending or --skipped.'],
      ['mark with two states', ['mark', 'witness', '--done', '--skipped'], 'Pass exactly one of --done'],
      ['mark without tasks', ['mark', '--done'], 'Choose tasks: names, `--all` or `--before <version>`.'],
      ['mark with tasks named twice over', ['mark', 'witness', '--all', '--done'], 'Choose tasks: names'],
      [
        'mark before something that is no version',
        ['mark', '--before', '2026', '--done'],
        '`--before` takes a 14-digit version.',
      ],
      ['a limit that is no number', ['history', '--limit', 'x'], '--limit takes a whole number above 0.'],
      ['a parameter of no task', ['run', '--param', 'limit=5'], '--param needs the name of one task'],
      ['a parameter without a value', ['run', 'witness', '--param', SECRET], '`--param` takes a name and a value.'],
      ['a tag beside a name', ['run', 'witness', '--tag', 'a'], "--tag and --exclude-tag can't be combined with names"],
      ['new without a name', ['new'], 'Missing argument: `<name>`.'],
      [
        'a deploy id longer than a column',
        ['run', '--deploy-id', 'x'.repeat(192)],
        'The deploy id has 192 characters. The maximum is 191.',
      ],
      ['a config that is not there', ['run', '--config', 'nope.ts'], 'Config file not found: nope.ts.'],
    ],
    3,
  )
  const UNKNOWN = few([['run'], ['mark', '--done'], ['history']], 1)
  /** In the order of both lists. */
  let ran: Ran[]

  test.each(INVOCATIONS.map(([what, , says], at) => [what, says, at] as const))('%s is refused', (_, says, at) => {
    expect(expectRefused(project, ran[at] as Ran)).toContain(says)
  })

  test.each(UNKNOWN.map((args, at) => [args.join(' '), INVOCATIONS.length + at] as const))(
    'an unknown task name is refused by %s, with the nearest',
    (_, at) => {
      const said = expectRefused(project, ran[at] as Ran)
      expect(said).toContain('Unknown task: "witnes".')
      expect(said).toContain('Did you mean witness?')
    },
  )

  test('a command that can’t be read is refused by the binary, too', async () => {
    expect(await refused(project, 'rnu')).toContain('Unknown command: rnu.')
  })

  testAgain('one unknown name among known ones runs none of them', async () => {
    expect(await refused(project, 'run', 'witness', 'nobody')).toContain('Unknown task: "nobody".')
  })

  testAgain('nothing was lost: the task is still pending, and runs', async () => {
    expect((await project.afterParty('status')).stdout).toContain('pending')
    expect((await project.afterParty('run')).code).toBe(0)
    expect(existsSync(project.path('witness'))).toBe(true)
  })
})

describe('the config', () => {
  let project: Project
  let good: string
  beforeAll(async () => {
    project = await projectWithWitness()
    good = await project.read('after-party.config.ts')
  })
  afterAll(() => project.remove())

  testAgain('none at all: says how to make one', async () => {
    await rm(project.path('after-party.config.ts'))
    const said = await refused(project, 'run')
    expect(said).toContain('No after-party.config.ts found.')
    expect(said).toContain('npx after-party init')
  })

  const CONFIGS: readonly (readonly [what: string, text: string, says: string[]])[] = few(
    [
      [
        'throws',
        `throw new Error('no route to postgres://me:${SECRET}@db/app')`,
        ["Can't load after-party.config.ts.", 'postgres://…'],
      ],
      ['has a syntax error', `export default {\n  client: (,\n}`, ['Unexpected "," (after-party.config.ts:2)']],
      [
        'imports what is not there',
        `import './generated/nope.js'\nexport default {}`,
        ['nope.js', 'npx prisma generate'],
      ],
      [
        'has no default export',
        `export const client = () => {}`,
        ['It has no default export.', 'export default defineConfig('],
      ],
      ['exports no object', `export default 7`, ['Its default export is not an object.']],
      ['has no client', `export default {}`, ['client is missing']],
      ['has a client that is not a function', `export default { client: {} }`, ['client must be a function']],
      [
        'has several faults, all told at once',
        `export default { client: () => {}, taks: 'x', lease: 'soon', grace: -1 }`,
        ['taks is not an option of the config: did you mean tasks?', 'lease must be', 'grace must be'],
      ],
      ['has a factory that returns nothing', `export default { client: () => {} }`, ['It returned undefined']],
      [
        'has a factory that returns something else',
        `export default { client: () => ({}) }`,
        ['did not return a PrismaClient'],
      ],
      [
        'has a factory that throws',
        `export default { client: () => { throw new Error('mysql://me:${SECRET}@db') } }`,
        ['`client` in the config threw an error.', 'mysql://…'],
      ],
      [
        'has a factory that rejects',
        `export default { client: async () => { throw new Error('no secret store') } }`,
        ['`client` in the config threw an error.', 'no secret store'],
      ],
    ],
    3,
  )

  describe('one that', () => {
    let ran: Ran[]
    beforeAll(async () => {
      const folder = (at: number) => `faulty/${at}`
      for (const [at, [, text]] of CONFIGS.entries())
        await project.write(`${folder(at)}/after-party.config.ts`, `${text}\n`)
      ran = await project.inOneProcess(CONFIGS.map((_, at) => ({ args: ['run'], folder: folder(at) })))
    })

    test.each(CONFIGS.map(([what, , says], at) => [what, says, at] as const))('%s is refused', (_, says, at) => {
      const said = expectRefused(project, ran[at] as Ran)
      for (const part of says) expect(said).toContain(part)
    })
  })

  testAgain('put right again, everything is as it was', async () => {
    await project.write('after-party.config.ts', good)
    expect((await project.afterParty('run', '--dry-run')).stdout).toMatch(/→ +20260101000000 +witness +new/)
  })
})

describe('the tasks', () => {
  let project: Project
  beforeAll(async () => {
    project = await projectWithWitness()
  })
  afterAll(() => project.remove())
  afterEach(() => rm(project.path('prisma/after-party'), { recursive: true }))
  beforeEach(() => project.task('20260101000000_witness', `(await import('node:fs')).writeFileSync('witness', '')`))

  test('all that is wrong with them is told at once, file by file', async () => {
    const files = {
      '20260102000001_syntax.ts': 'export default {\n  run( {\n}\n',
      '20260102000002_syntax_js.mjs': '\n\nexport default )\n',
      '20260102000003_throws.ts': `\nthrow new Error('no API_KEY')\n`,
      '20260102000004_imports.ts': `import { gone } from './helpers.js'\ngone()\n`,
      'helpers.ts': 'export const here = 1\n',
      '20260102000005_no_default.ts': 'export const run = 1\n',
      '20260102000006_not_a_task.ts': 'export default { run() {} }\n',
      '20260102000007_misspelt.ts': `import { defineTask } from 'after-party'
export default defineTask({ everyDeply: true, timeout: 'soon', retry: { attempts: 0 }, run: 3 })\n`,
      '20260102000008_first.ts': TASK,
      '20260102000008_same_version.ts': TASK,
      '20260102000009_first.ts': TASK,
      '2024_bad.ts': TASK,
      '20261301000000_month_13.ts': TASK,
      '20260102000010_sql.sql': 'select 1',
    }
    for (const [file, text] of Object.entries(files)) await project.write(`prisma/after-party/${file}`, text)
    const said = await refused(project, 'run')
    const lines = [
      "12 files in prisma/after-party can't run.",
      `20260102000001_syntax.ts: can't be loaded: Expected ")" but found end of file (prisma/after-party/20260102000001_syntax.ts:4)`,
      `20260102000002_syntax_js.mjs: can't be loaded: Unexpected token ')' (prisma/after-party/20260102000002_syntax_js.mjs:3)`,
      "20260102000003_throws.ts: can't be loaded: no API_KEY (prisma/after-party/20260102000003_throws.ts:2)",
      `20260102000004_imports.ts: can't be loaded: The requested module './helpers.js' does not provide an export named 'gone'`,
      '20260102000005_no_default.ts: has no default export: add `export default defineTask({ … })`',
      '20260102000006_not_a_task.ts: its default export is not a task',
      '20260102000007_misspelt.ts: everyDeply is not an option of a task: did you mean everyDeploy?',
      '20260102000007_misspelt.ts: timeout must be a duration',
      '20260102000007_misspelt.ts: retry.attempts must be 1 or more',
      '20260102000007_misspelt.ts: run must be a function',
      '20260102000008_same_version.ts: has the same version as 20260102000008_first.ts',
      '20260102000009_first.ts: has the same name as 20260102000008_first.ts',
      '2024_bad.ts: is not a task name. Use <14 digits>_<name>.ts',
      '20261301000000_month_13.ts: 20261301000000 is not a UTC date and time',
      '20260102000010_sql.sql: is not a task name',
    ]
    for (const line of lines) expect(said).toContain(line)
    expect(said).toContain('→ Nothing was run.')
    const others = [
      ['run', 'witness'],
      ['run', '--dry-run'],
      ['mark', '--all', '--done'],
    ]
    for (const ran of await project.inOneProcess(others)) expect(expectRefused(project, ran)).toContain('2024_bad.ts')
  })

  testAgain('status shows the good ones, tells what is wrong with the others, and exits 2', async () => {
    await project.write('prisma/after-party/2024_bad.ts', TASK)
    const { code, stdout, stderr } = await project.afterParty('status')
    expect(code).toBe(2)
    expect(stdout).toMatch(/pending +20260101000000 +witness/)
    expect(stderr).toContain('✖ 2024_bad.ts: is not a task name')
  })

  testAgain('a task that its environments leave out is refused by name, with the --env that it wants', async () => {
    await project.task('20260103000000_clean_up', '', `environments: ['staging', 'production'],`)
    const said = await refused(project, 'run', 'clean_up')
    expect(said).toContain('clean_up does not run in the environment development, only in: staging, production.')
    expect(said).toContain('npx after-party run clean_up --env staging')
  })

  test('a tasks directory that is a file is refused by run, status and new', async () => {
    await rm(project.path('prisma/after-party'), { recursive: true })
    await project.write('prisma/after-party', 'not a directory')
    for (const ran of await project.inOneProcess([['run'], ['status'], ['new', 'x']])) {
      const said = expectRefused(project, ran)
      expect(said).toContain('prisma/after-party')
      expect(said).toMatch(/It is a file|There is a file in its place/)
    }
    expect(await project.read('prisma/after-party')).toBe('not a directory')
  })
})

describe('the database', () => {
  let project: Project
  beforeAll(async () => {
    project = await projectWithWitness()
  })
  afterAll(() => project.remove())

  test('without the tables, run, status, history and mark say to migrate', async () => {
    project.env = { DATABASE_URL: 'file:./empty.db' }
    const ran = await project.inOneProcess([['run'], ['status'], ['history'], ['mark', '--all', '--done']])
    project.env = {}
    for (const each of ran) {
      const said = expectRefused(project, each)
      expect(said).toContain(`After Party's tables are not in this database.`)
      expect(said).toContain('npx prisma migrate deploy')
    }
  })

  testAgain('one that can’t be opened is told without a stack', async () => {
    project.env = { DATABASE_URL: 'file:./no/such/directory/app.db' }
    expect(await refused(project, 'run')).toContain("Can't use the database file.")
    project.env = {}
  })

  test('one that can’t be reached is told without its URL', async () => {
    const other = await projectWithWitness()
    const schema = await other.read('prisma/schema.prisma')
    await other.write('prisma/schema.prisma', schema.replace('"sqlite"', '"postgresql"'))
    await other.write(
      'after-party.config.ts',
      `import { PrismaPg } from '@prisma/adapter-pg'
import { defineConfig } from 'after-party'
import { PrismaClient } from './generated/prisma/client.js'

const connectionString = 'postgresql://me:${SECRET}@127.0.0.1:1/app'
export default defineConfig({ client: () => new PrismaClient({ adapter: new PrismaPg({ connectionString }) }) })
`,
    )
    expect((await other.prisma('generate')).code).toBe(0)
    for (const ran of await other.inOneProcess([['run'], ['status']])) {
      const said = expectRefused(other, ran)
      expect(said).toContain("Can't reach the database.")
      expect(said).not.toContain('postgresql://')
    }
    await other.remove()
  })

  testAgain('a client from before init says to generate it', async () => {
    const other = await projectWithWitness()
    const schema = await other.read('prisma/schema.prisma')
    await other.write('prisma/schema.prisma', schema.slice(0, schema.indexOf('/// Deploy tasks')))
    expect((await other.prisma('generate')).code).toBe(0)
    const said = await refused(other, 'run')
    expect(said).toContain('The Prisma client does not have the model AfterPartyTaskRecord.')
    expect(said).toContain('npx prisma generate')
    await other.remove()
  })

  testAgain('Prisma 8 is refused in a sentence', async () => {
    const other = await projectWithWitness()
    await mkdir(other.path('node_modules/@prisma'), { recursive: true })
    await other.write('node_modules/@prisma/client/package.json', '{ "name": "@prisma/client", "version": "8.0.0" }')
    for (const ran of await other.inOneProcess([['run'], ['init']]))
      expect(expectRefused(other, ran)).toContain('Prisma 8 has no PrismaClient')
    await other.remove()
  })

  test('an unapplied migration stops a run, until it is applied', async () => {
    const other = await projectWithWitness()
    await other.write('prisma/migrations/20991231000000_later/migration.sql', 'CREATE TABLE "Later" ("id" INTEGER);\n')
    const said = await refused(other, 'run')
    expect(said).toContain('20991231000000_later')
    expect(said).toContain('npx prisma migrate deploy')
    expect((await other.prisma('migrate', 'deploy')).code).toBe(0)
    expect((await other.afterParty('run')).code).toBe(0)
    await other.remove()
  })

  testAgain('a failed migration stops a run and a rehearsal, which --skip-migration-check lets go on', async () => {
    const other = await projectWithWitness()
    await other.write('prisma/migrations/20991231000000_fails/migration.sql', 'INSERT INTO "Nowhere" VALUES (1);\n')
    expect((await other.prisma('migrate', 'deploy')).code).not.toBe(0)
    const skipped = ['run', '--rehearse', '--skip-migration-check']
    const [run, rehearsal, rehearsed] = await other.inOneProcess([['run'], ['run', '--rehearse'], skipped])
    for (const ran of [run, rehearsal]) {
      const said = expectRefused(other, ran as Ran)
      expect(said).toContain('A migration failed in this database: 20991231000000_fails.')
      expect(said).toContain('npx prisma migrate resolve --rolled-back 20991231000000_fails')
    }
    expect(rehearsed?.code).toBe(0)
    expect(existsSync(other.path('witness'))).toBe(false)
    expect((await other.afterParty('run', '--skip-migration-check')).code).toBe(0)
    expect(existsSync(other.path('witness'))).toBe(true)
    await other.remove()
  })
})
