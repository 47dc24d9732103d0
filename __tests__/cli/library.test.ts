import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

/** `createAfterParty`, from a script of the team's own. */

describe('After Party as a library', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
  })
  beforeEach(() => project.reset())
  afterAll(() => project.remove())

  /** Runs a script, in which `client` is the project's factory, and gives what it says. */
  async function script(body: string): Promise<unknown> {
    await project.write(
      'script.ts',
      `import { AfterPartyError, createAfterParty, defineTask } from 'after-party'
import { client } from './after-party.config.js'

const say = (value: unknown) => console.log(JSON.stringify(value))
${body}
`,
    )
    const { code, stdout, stderr } = await project.node('--import', 'tsx', 'script.ts')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  test('runs the tasks of a directory, tells what happens, and ends the process when it is closed', async () => {
    await project.task('20260101000000_first', `log('hello'); progress(3, 3)`)
    await project.task('20260102000000_second', `throw new Error('no')`)
    await project.task('20260103000000_third', '')
    expect(
      await script(`
const party = createAfterParty({ client, tasks: 'prisma/after-party' })
const events: string[] = []
const result = await party.run({ deployId: 'v1', onEvent: (event) => events.push(event.type) })
await party.close()
say({ result, events })`),
    ).toEqual({
      result: {
        outcome: 'failed',
        database: { provider: 'sqlite', name: 'dev.db' },
        results: [
          { version: '20260101000000', name: 'first', outcome: 'done', processed: 3, durationMs: expect.any(Number) },
          { version: '20260102000000', name: 'second', outcome: 'failed', error: 'no', durationMs: expect.any(Number) },
        ],
        deployId: 'v1',
      },
      events: ['planned', 'started', 'log', 'progress', 'finished', 'started', 'finished', 'ended'],
    })
  })

  test('takes tasks as definitions, and plans, runs, shows, marks and remembers them', async () => {
    expect(
      await script(`
await using party = createAfterParty({
  client,
  environment: 'test',
  tasks: {
    '20260101000000_add_post': defineTask({
      description: 'Adds a post',
      transaction: true,
      run: ({ prisma }) => prisma.post.create({ data: { title: 'one' } }),
    }),
    '20260102000000_elsewhere.ts': defineTask({ environments: ['production'], run() {} }),
  },
})
const plan = (await party.plan()).map(({ name, runs, reason }) => ({ name, runs, reason }))
const { outcome, results } = await party.run()
const again = await party.run()
const named = await party.run({ names: ['add_post'] })
const marked = await party.mark({ as: 'pending', names: ['add_post'] })
const status = await party.status()
const history = await party.history({ name: 'add_post' })
say({
  plan,
  first: [outcome, results.length],
  again: [again.outcome, again.results.length],
  named: [named.outcome, named.results.length],
  marked,
  states: status.tasks.map(({ name, state, description }) => [name, state, description]),
  pending: status.pending,
  history: history.map(({ status, startedAt }) => [status, startedAt instanceof Date]),
})`),
    ).toEqual({
      plan: [
        { name: 'add_post', runs: true, reason: { code: 'new' } },
        {
          name: 'elsewhere',
          runs: false,
          reason: { code: 'other-environment', only: ['production'], environment: 'test' },
        },
      ],
      first: ['done', 1],
      again: ['done', 0],
      named: ['done', 1],
      marked: [{ version: '20260101000000', name: 'add_post', from: 'done', to: 'pending' }],
      states: [
        ['add_post', 'pending', 'Adds a post'],
        ['elsewhere', 'skipped', null],
      ],
      pending: true,
      history: [
        ['done', true],
        ['done', true],
      ],
    })
  })

  testAgain('throws an AfterPartyError with its code when nothing could be run', async () => {
    await project.write('prisma/after-party/2024_bad.ts', '')
    expect(
      await script(`
const codeOf = (error: unknown) => (error instanceof AfterPartyError ? error.code : String(error))
const caught: string[] = []
const directory = createAfterParty({ client, tasks: 'prisma/after-party' })
await directory.run().catch((error) => caught.push(codeOf(error)))
await directory.close()
const unknown = createAfterParty({ client, tasks: {} })
await unknown.run({ names: ['nobody'] }).catch((error) => caught.push(codeOf(error)))
await unknown.close()
const noClient = createAfterParty({ client: () => ({}) as never, tasks: {} })
await noClient.run().catch((error) => caught.push(codeOf(error)))
await noClient.close()
say(caught)`),
    ).toEqual(['tasks-invalid', 'task-unknown', 'client-invalid'])
  })

  testAgain('stops before the next task when its signal aborts', async () => {
    expect(
      await script(`
const stop = new AbortController()
const party = createAfterParty({
  client,
  tasks: {
    '20260101000000_stops': defineTask({ run: () => stop.abort() }),
    '20260102000000_never': defineTask({ run() { throw new Error('ran') } }),
  },
})
const { outcome, results } = await party.run({ signal: stop.signal })
const { summary } = await party.status()
await party.close()
say({ outcome, names: results.map(({ name }) => name), pending: summary.pending })`),
    ).toEqual({ outcome: 'interrupted', names: ['stops'], pending: 1 })
  })
})
