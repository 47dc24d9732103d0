import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

interface Finding {
  check: string
  state: string
  what: string
  next?: string
}

describe('doctor', () => {
  let project: Project
  const texts: Record<string, string> = {}
  beforeAll(async () => {
    project = await Project.create()
    for (const file of ['after-party.config.ts', 'prisma/schema.prisma']) texts[file] = await project.read(file)
  })
  afterAll(() => project.remove())

  /** What is found where one file has another text, by the name of the check; the file is put back. */
  async function found(file: string, change: (text: string) => string) {
    await project.write(file, change(texts[file] ?? ''))
    const { code, stdout, stderr } = await project.afterParty('doctor', '--json')
    if (texts[file] === undefined) await project.delete(file)
    else await project.write(file, texts[file])
    expect(stderr).not.toContain('This is a bug')
    const { findings } = JSON.parse(stdout) as { findings: Finding[] }
    return { code, of: (check: string) => findings.filter((finding) => finding.check === check) }
  }

  test('finds a project as init made it in order, says so line by line, and changes nothing', async () => {
    const before = await project.files()
    const { code, stdout, stderr } = await project.afterParty('doctor')
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout })
    expect(stdout.replace(/\d+\.\d+\.\d+/g, '1.2.3').split('\n')).toEqual([
      '✔ versions: after-party 1.2.3, Prisma 1.2.3, Node 1.2.3',
      '✔ schema: prisma/schema.prisma has the ledger',
      '✔ config: after-party.config.ts loads',
      '✔ types: your tsconfig checks the tasks, and your build leaves them out',
      '✔ database: the ledger answers',
      '✔ tasks: every task file is valid',
      '✔ clients: tasks and ledger have a client each',
      '✔ migrations: every migration is applied (1)',
      "✔ clock: this machine's clock and the database's agree",
      '✔ locking: SQLite waits 5s for another writer, journal mode delete',
      '✔ times: lease 1m, grace 25s',
    ])
    expect(await project.files()).toEqual(before)
  })

  test('a config that does not load is a problem, and what needs it is not checked', async () => {
    const { code, of } = await found('after-party.config.ts', () => `throw new Error('no key')`)
    expect(code).toBe(2)
    expect(of('config')).toMatchObject([{ state: 'problem', what: "Can't load after-party.config.ts." }])
    expect(of('database')).toMatchObject([{ state: 'unknown' }])
    expect(of('schema')).toMatchObject([{ state: 'ok' }])
  })

  test('a schema without the ledger, a pending migration and a task file that can not run are problems', async () => {
    await project.write('prisma/migrations/20990101000000_later/migration.sql', 'SELECT 1;')
    await project.write('prisma/after-party/2026_x.ts', '')
    const { code, of } = await found('prisma/schema.prisma', (text) => text.replace(/model AfterParty[\s\S]*/, ''))
    for (const file of ['prisma/migrations/20990101000000_later', 'prisma/after-party/2026_x.ts'])
      await project.delete(file)
    expect(code).toBe(2)
    expect(of('schema')).toMatchObject([{ state: 'problem', next: expect.stringContaining('npx after-party init') }])
    expect(of('migrations')).toMatchObject([
      { state: 'problem', what: 'A migration is pending in this database: 20990101000000_later.' },
    ])
    expect(of('tasks')).toMatchObject([{ state: 'problem', what: expect.stringContaining('2026_x.ts: is not a task') }])
  })

  testAgain(
    'a client that can not be made is a problem, and no bug, though the ledger has one of its own',
    async () => {
      const { code, of } = await found(
        'after-party.config.ts',
        (text) =>
          `${text
            .replace(/export const client = /, 'const ledgerClient = ')
            .replace('  client,', "  client: () => { throw new Error('no tenant') },\n  ledgerClient,")
            .replace(/declare module[\s\S]*/, '')}`,
      )
      expect(code).toBe(2)
      expect(of('clients')).toMatchObject([{ state: 'problem', what: '`client` in the config threw an error.' }])
      expect(of('migrations')).toMatchObject([{ state: 'unknown' }])
    },
  )

  testAgain('a client for all, without a timeout, is a warning', async () => {
    const { code, of } = await found('after-party.config.ts', (text) =>
      text
        .replace(', timeout: 5000', '')
        .replace(
          'export const client = () => {',
          'let made: PrismaClient\nexport const client = () => {\n  if (made) return made',
        )
        .replace('return new PrismaClient', 'return made = new PrismaClient'),
    )
    expect(code).toBe(0)
    expect(of('clients')).toMatchObject([{ state: 'warning', what: 'Tasks and ledger share one Prisma client.' }])
    expect(of('locking')[0]).toMatchObject({ state: 'warning', what: expect.stringContaining('sets no timeout') })
  })

  testAgain(
    'warnings are a build that would emit the tasks, and a platform that kills sooner than they may end',
    async () => {
      await project.write('tsconfig.json', '{ "compilerOptions": { "outDir": "dist" } }')
      project.env = { FLY_APP_NAME: 'shop', REPLICA_URL: 'postgresql://db.example:6543/shop?pgbouncer=true' }
      const { code, stdout } = await project.afterParty('doctor')
      project.env = {}
      await project.delete('tsconfig.json')
      expect(code).toBe(0)
      expect(stdout).toContain(
        '⚠ types: Your build compiles the config and the tasks too: tsconfig.json includes them.',
      )
      expect(stdout).toContain('→ Add "after-party.config.ts" and "prisma/after-party" to its "exclude".')
      expect(stdout).toContain('⚠ times: Fly.io kills a process 5s after its signal by default')
      expect(stdout).toContain('✔ pooler: REPLICA_URL leads through a connection pooler.')
    },
  )
})
