import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

/** However a task ends the process, the deploy hears that it failed, the record says why, and the next run runs it. */

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
beforeEach(() => project.reset())
afterAll(() => project.remove())

const VERSION = '20260301000000'

async function stateOf(name: string): Promise<{ state: string; error: string | null }> {
  const { stdout } = await project.afterParty('status', '--json')
  return JSON.parse(stdout).tasks.find((task: { name: string }) => task.name === name)
}

const LEAVES: [name: string, leave: string, says: string, options?: string][] = [
  ['as_if_all_were_well', 'process.exit(0)', 'process.exit(0) was called'],
  ['with_a_code_of_its_own', 'process.exit(7)', 'process.exit(7) was called'],
  ['in_its_transaction', 'process.exit()', 'process.exit() was called', 'transaction: true,'],
  [
    'in_code_that_catches_what_is_thrown',
    `try { process.exit(0) } catch {} await new Promise((go) => setTimeout(go, 60_000))`,
    'process.exit(0) was called',
  ],
  [
    'by_an_import_in_code_that_nobody_awaits',
    `const { exit } = await import('node:process'); setTimeout(() => exit(0)); await new Promise(() => {})`,
    'process.exit(0) was called',
  ],
  ['by_the_back_door', '(process as never as { reallyExit(code: number): void }).reallyExit(0)', 'was called'],
]

describe('a task that leaves the process', () => {
  test('has failed, in whichever way it does; the record says why, and the next run runs it', async () => {
    for (const [name, leave, says, options = ''] of LEAVES) {
      const write = `await prisma.post.create({ data: { title: '${name}' } })`
      await project.task(`${VERSION}_${name}`, `${write};\n    ${leave}`, options)
      await project.task('20260302000000_after', '')
      const { code, stdout, stderr } = await project.afterParty('run', '--json')
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`✖ ${name} failed`) })
      expect(stderr).toContain(says)
      expect(stderr).toContain('1 task after it was not run.')
      expect(stderr.match(/was called/g)).toHaveLength(1)
      expect(JSON.parse(stdout)).toMatchObject({
        outcome: 'failed',
        results: [{ error: expect.stringContaining(says) }],
      })
      // The next of them takes its place.
      await project.delete(`prisma/after-party/${VERSION}_${name}.ts`)
    }
    const titles = `log((await prisma.post.findMany()).map(({ title }) => title).join())`
    await project.task(`${VERSION}_last`, titles)
    const again = await project.afterParty('run')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(`attempt ${LEAVES.length + 1}`) })
    const committed = LEAVES.flatMap(([name, , , options]) => (options === undefined ? [name] : []))
    expect(again.stderr).toContain(`  ${committed.join()}\n`)
    const { runs } = JSON.parse((await project.afterParty('history', '--json')).stdout)
    expect(runs.toReversed()).toMatchObject([
      ...LEAVES.map(([name, , says]) => ({ name, status: 'failed', error: expect.stringContaining(says) })),
      { name: 'last', status: 'done' },
      { name: 'after', status: 'done' },
    ])
  })

  testAgain('by a signal to itself was interrupted, and by an exit code of its own changes nothing', async () => {
    await project.task(`${VERSION}_signals`, `process.kill(process.pid, 'SIGTERM'); await new Promise(() => {})`)
    expect((await project.afterParty('run', '--grace', '0')).code).toBe(143)
    expect(await stateOf('signals')).toMatchObject({ state: 'interrupted' })
    await project.task(`${VERSION}_signals`, 'process.exitCode = 3')
    expect((await project.afterParty('run')).code).toBe(0)
    const late = `setTimeout(() => { process.exitCode = 0; process.exit(0) }, 300); throw new Error('failed first')`
    await project.task('20260303000000_late', late)
    const { code, stderr } = await project.afterParty('run')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('failed first') })
  })

  testAgain('of a backfill has failed with its batch rolled back', async () => {
    await project.task(
      `${VERSION}_fill`,
      'for (const title of ["a", "b"]) await prisma.post.create({ data: { title } })',
    )
    await project.write(
      'prisma/after-party/20260302000000_backfill.ts',
      `import { defineBackfill } from 'after-party'
export default defineBackfill({
  model: 'post', batchSize: 1,
  async run(rows, { prisma }) {
    await prisma.post.updateMany({ data: { title: 'done' } })
    process.exit(0)
  },
})
`,
    )
    const { code, stderr } = await project.afterParty('run')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('process.exit(0) was called') })
    expect(await stateOf('backfill')).toMatchObject({ state: 'failed' })
    await project.task('20260303000000_look', `log(await prisma.post.count({ where: { title: 'done' } }) + ' done')`)
    expect((await project.afterParty('run', 'look')).stderr).toContain('0 done')
  })
})

describe('before anything runs', () => {
  testAgain('a task file that ends the process while it is loaded is a fault of that file', async () => {
    await project.task('20260101000000_before', `console.log('ran')`)
    await project.write(`prisma/after-party/${VERSION}_exits.ts`, `import './exits.js'\nexport default {}\n`)
    await project.write('prisma/after-party/exits.ts', `export {}\nprocess.exit(0)\n`)
    const { code, stderr } = await project.afterParty('run')
    await project.delete('prisma/after-party/exits.ts')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`${VERSION}_exits.ts: can't be`) })
    expect(stderr).toContain('process.exit(0) was called')
    expect(stderr).toContain('prisma/after-party/exits.ts:2')
    expect(stderr).not.toContain('ran')
  })

  testAgain('a promise of an imported module that nobody caught is told as that, by every command', async () => {
    await project.task('20260101000000_before', '')
    await project.write(
      'prisma/after-party/20260401000000_floats.ts',
      `import './floats.js'\nawait new Promise((resolve) => setTimeout(resolve, 200))\nexport default {}\n`,
    )
    await project.write('prisma/after-party/floats.ts', `export {}\nvoid Promise.reject(new Error('no such table'))\n`)
    for (const command of ['run', 'status']) {
      const { code, stderr } = await project.afterParty(command)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining(
          '✖ Your code threw an error that nothing caught: no such table\n→ Find the promise',
        ),
      })
      expect(stderr).toContain('prisma/after-party/floats.ts:2')
    }
    for (const file of ['floats.ts', '20260401000000_floats.ts']) await project.delete(`prisma/after-party/${file}`)
  })

  testAgain('a config that ends the process, or waits for what never comes, is no success', async () => {
    const config = await project.read('after-party.config.ts')
    await project.write('after-party.config.ts', `${config}\nprocess.exit(0)\n`)
    const exits = await project.afterParty('status', '--check')
    await project.write('after-party.config.ts', `${config}\nawait new Promise(() => {})\n`)
    const waits = await project.afterParty('status', '--check')
    await project.write(
      'after-party.config.ts',
      config.replace('new PrismaClient(', 'process.exit(0) ?? new PrismaClient('),
    )
    const factory = await project.afterParty('run')
    await project.write('after-party.config.ts', config)
    expect(exits).toMatchObject({ code: 2, stderr: expect.stringContaining('process.exit(0) was called') })
    expect(waits).toMatchObject({ code: 1, stderr: expect.stringContaining('✖ The process ended before') })
    expect(factory).toMatchObject({ code: 2, stderr: expect.stringContaining('process.exit(0) was called') })
  })
})
