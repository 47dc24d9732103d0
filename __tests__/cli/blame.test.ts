import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { whyMissing } from '../support/databases/servers.mjs'
import { Project, type Ran } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'

/** What goes wrong outside of After Party is never called its bug: exit 2, and the first thing that went wrong is told. */

const BIN = 'node_modules/after-party/dist/cli/bin.js'

function expectExplained({ code, stderr }: { code: number | undefined; stderr: string }, ...says: string[]): void {
  expect({ code, stderr }).toMatchObject({ code: 2 })
  for (const text of says) expect(stderr).toContain(text)
  expect(stderr).toMatch(/✖ .+[\s\S]*→ .+/)
  expect(stderr).not.toMatch(/bug|^\s+at |hunter2/m)
}

describe('A client of the team’s', () => {
  let project: Project
  let config: string
  beforeAll(async () => {
    project = await Project.create()
    config = await project.read('after-party.config.ts')
  })
  afterAll(() => project.remove())

  /** The client of the config, changed by an expression in which it is `client`. */
  async function changeClient(expression: string, more = ''): Promise<void> {
    await project.write(
      'after-party.config.ts',
      `${config.replace('export const client =', 'const plain =').replace(/export default[\s\S]*/, '')}
declare module 'after-party' { interface Register { client: any } }
export const client = () => { const client: any = plain(); return ${expression} }
export default { client, ${more} }
`,
    )
  }

  test.each(
    few(
      [
        ['a model operation', '$allModels: { $allOperations() { throw new TypeError("no tenant") } }', 'status'],
        ['a raw query', '$allOperations() { return undefined.tenant }', 'run'],
        [
          'a later step of an operation',
          '$allModels: { async $allOperations({ args, query }) { await query(args); throw new Error("no tenant") } }',
          'status',
        ],
      ],
      1,
    ),
  )('whose extension throws in %s is told as that', async (_, hook, command) => {
    // A client that does not tell of its extensions can't be had without them.
    const extended = `client.$extends({ query: { ${hook} } })`
    const mute = `((of: any) => new Proxy({}, {
      get(_, key) {
        if (/^_(extensions|appliedParent)$/.test(String(key))) return undefined
        return typeof of[key] === 'function' ? of[key].bind(of) : of[key]
      },
      has: (_, key) => key in of,
    }))`
    await changeClient(`${mute}(${extended})`)
    const ran = await project.afterParty(command)
    expectExplained(ran, 'tenant', 'ledgerClient')
    expect(ran.stderr).not.toContain('The database')
  })

  testAgain('that throws as soon as it is asked is told as that', async () => {
    await changeClient(`Object.defineProperty(client, '$queryRawUnsafe', { value() { throw new Error('no tenant') } })`)
    expectExplained(await project.afterParty('run'), '`client` in the config threw an error', 'tenant', 'ledgerClient')
  })

  test('is not needed for the ledger, where the config has another for it', async () => {
    await changeClient(
      'client.$extends({ query: { $allOperations() { throw new TypeError("no tenant") } } })',
      'ledgerClient: plain',
    )
    expect((await project.afterParty('status')).code).toBe(0)
  })

  testAgain('that is made when it is first used, and can’t be, is told with its reason', async () => {
    await changeClient('new Proxy({}, { get() { throw new Error("no secret at postgres://me:hunter2@db") } })')
    expectExplained(
      await project.afterParty('run'),
      '`client` in the config threw an error.',
      'no secret at postgres://…',
    )
    await changeClient('client', 'ledgerClient: () => { throw new Error("no second one") }')
    expectExplained(await project.afterParty('run'), '`ledgerClient` in the config threw an error.', 'no second one')
  })

  test.each(
    few(
      [
        ['rejects', 'async () => { throw new Error("gone") }'],
        ['throws', '() => { throw new Error("gone") }'],
      ],
      1,
    ),
  )('whose $disconnect %s changes nothing of how a command ends', async (_, disconnect) => {
    await changeClient(`Object.defineProperty(client, '$disconnect', { value: ${disconnect} })`)
    const [ran, refused] = await project.inOneProcess([
      ['run'],
      { args: ['run'], env: { DATABASE_URL: 'file:./empty.db' } },
    ])
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('gone') })
    expectExplained(refused as Ran, "After Party's tables are not in this database.")
  })
})

const describePrisma6 = whyMissing('sqlite-prisma6') === undefined ? describe : describe.skip
describePrisma6('Prisma 6 without its query engine', () => {
  testAgain('says that it is not there, though it can’t disconnect either', async () => {
    const project = await Project.create({ variant: 'sqlite-prisma6' })
    const schema = await project.read('prisma/schema.prisma')
    await project.write('prisma/schema.prisma', schema.replace('engineType = "client"', 'engineType = "library"'))
    // Any file will do to generate with: it is copied beside the client, under its own name.
    await project.write('engine.node', '')
    await project.write('prisma.config.ts', `export default { schema: 'prisma/schema.prisma' }\n`)
    const env = project.env
    project.env = { ...env, PRISMA_QUERY_ENGINE_LIBRARY: project.path('engine.node') }
    expect(await project.prisma('generate')).toMatchObject({ code: 0 })
    project.env = env
    await rm(project.path('generated/prisma/engine.node'))
    await project.write(
      'after-party.config.ts',
      `import { PrismaClient } from './generated/prisma/client.js'\nexport default { client: () => new PrismaClient() }\n`,
    )
    for (const command of ['run', 'status']) {
      const ran = await project.afterParty(command)
      expectExplained(ran, "The Prisma client can't start.", 'Query Engine', 'npx prisma generate')
    }
    await project.remove()
  })
})

describe('What the system refuses', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
  })
  afterAll(() => project.remove())
  beforeEach(() => project.reset())

  /** As a user who may not write there; root may do everything. */
  const stranger = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  async function asStranger(...args: string[]) {
    const env = { NO_COLOR: '1', ...project.env }
    const options = { ...stranger, cwd: project.directory, reject: false, env } as const
    const { exitCode, stdout, stderr } = await execa(process.execPath, [project.path(BIN), ...args], options)
    return { code: exitCode, stdout, stderr }
  }

  test('a directory that may not be written to, by new', async () => {
    await chmod(project.path('prisma/after-party'), 0o555)
    const ran = await asStranger('new', 'backfill_slugs')
    await chmod(project.path('prisma/after-party'), 0o755)
    expectExplained(ran, 'prisma/after-party', 'EACCES', 'This user does not have permission.')
  })

  testAgain('files that may not be read, by init and run', async () => {
    await chmod(project.path('prisma/schema.prisma'), 0)
    expectExplained(await asStranger('init'), 'prisma/schema.prisma', 'EACCES')
    await chmod(project.path('prisma/schema.prisma'), 0o644)
    await chmod(project.path('prisma/migrations'), 0)
    expectExplained(await asStranger('run'), 'prisma/migrations', 'EACCES')
    await chmod(project.path('prisma/migrations'), 0o755)
    await chmod(project.path('prisma/after-party'), 0)
    expectExplained(await asStranger('status'), 'prisma/after-party', 'EACCES')
    await chmod(project.path('prisma/after-party'), 0o755)
  })

  testAgain('a temporary folder, where TypeScript would be cached, stops nothing', async () => {
    await mkdir(project.path('closed'), { mode: 0o555 })
    for (const folder of ['closed', 'nowhere']) {
      project.env = { TMPDIR: project.path(folder) }
      expect(await asStranger('run', '--dry-run')).toMatchObject({ code: 0 })
    }
    project.env = {}
  })

  testAgain('a project that may not be written to, by init, which leaves nothing behind', async () => {
    await rm(project.path('after-party.config.ts'))
    const before = await project.files()
    await chmod(project.directory, 0o555)
    expectExplained(await asStranger('init'), 'after-party.config.ts', 'EACCES')
    await chmod(project.directory, 0o755)
    expect(await project.files()).toEqual(before)
  })
})

describe('A reader of the output', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
  })
  beforeEach(() => project.reset())
  afterAll(() => project.remove())

  type Stream = 'pipe' | 'ignore' | number

  /** Runs a command whose pipes are closed before it begins. */
  async function unread(args: string[], stdio: [Stream, Stream, Stream]) {
    const child = spawn(process.execPath, [project.path(BIN), ...args], {
      cwd: project.directory,
      stdio,
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
    })
    if (stdio[1] === 'pipe') child.stdout?.destroy()
    let stderr = ''
    if (stdio[1] === 'pipe' && stdio[2] === 'pipe') child.stderr?.on('data', (data) => (stderr += data))
    else child.stderr?.destroy()
    const [code] = await once(child, 'close')
    return { code, stderr }
  }

  test('that went away changes nothing of how a run ends', async () => {
    await project.task('20260101000000_first', `log('hello')`)
    const ended = await unread(['run', '--json'], ['ignore', 'pipe', 'pipe'])
    expect(ended).toEqual({ code: 0, stderr: expect.not.stringMatching(/EPIPE|connection|^\s+at /m) })
    await project.task('20260102000000_second', `throw new Error('no')`)
    expect((await unread(['run', '--json'], ['ignore', 'pipe', 'pipe'])).code).toBe(1)
  })

  testAgain('of messages that went away ends no task', async () => {
    await project.task(
      '20260101000000_first',
      `for (let i = 0; i < 100; i++) log('hello'); await prisma.post.create({ data: { title: 'ran' } })`,
    )
    expect((await unread(['run'], ['ignore', 'ignore', 'pipe'])).code).toBe(0)
    expect(JSON.parse((await project.afterParty('status', '--json')).stdout).tasks).toMatchObject([{ state: 'done' }])
  })

  testAgain('that is a full disk is told, and no success', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [project.path(BIN), 'status', '--json'], {
      cwd: project.directory,
      stdio: ['ignore', full, 'pipe'],
    })
    let stderr = ''
    child.stderr?.on('data', (data) => (stderr += data))
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Could not write the output') })
  })
})

test('A directory that was removed while we stand in it is told', async () => {
  const project = await Project.create()
  const script = `process.chdir(process.argv[1]); require('fs').rmSync(process.argv[1], { recursive: true }); process.argv.splice(1, 1, 'x', 'run'); import(${JSON.stringify(project.path(BIN))})`
  await mkdir(project.path('gone'))
  const { code, stderr } = await project.node('-e', script, project.path('gone'))
  expectExplained({ code, stderr }, 'ENOENT')
  await project.remove()
})
