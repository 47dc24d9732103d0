import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { type Context, Gate, Stage, task } from '../support/parties.js'

const VERSION = '20260101000000'
const FILE = `${VERSION}_first`

/** What `step` promises, on every kind of database. */
describeDatabases(
  (variant) => {
    let stage: Stage

    beforeEach(async () => {
      stage = await Stage.open(variant)
    })
    afterEach(() => stage[Symbol.asyncDispose]())

    const addPost = ({ prisma }: Context, title: string) => prisma.post.create({ data: { title } })
    /** Two steps that add a post each, and an end that fails until it is told not to. */
    const twoSteps = (options: Parameters<typeof task>[1] = {}) => {
      const ends = { well: false }
      const work = async (context: Context) => {
        const { step, log } = context
        const one = await step('one', async () => (await addPost(context, 'one')).id)
        const many = await Promise.all(
          ['two', 'three'].map((name) =>
            step(name, async () => ({ [name]: await addPost(context, name), at: new Date(0) })),
          ),
        )
        log(
          '%d %s',
          one,
          many.map(({ at }) => at.toISOString()),
        )
        if (!ends.well) throw new Error('after the steps')
      }
      return { tasks: { [FILE]: task(work, options) }, ends }
    }
    const titles = async () => (await stage.titles()).sort()
    const skippedIn = (events: readonly { type: string; step?: string }[]) =>
      events.filter(({ type }) => type === 'step-skipped').map(({ step }) => step)

    test('a step that is done is not done again after a failure, whichever process goes on', async () => {
      const { tasks, ends } = twoSteps()
      expect(await stage.party(tasks).run()).toMatchObject({
        outcome: 'failed',
        results: [{ error: 'after the steps' }],
      })
      ends.well = true
      const again = stage.run(stage.party(tasks))
      expect(await again.ended).toMatchObject({ outcome: 'done' })
      expect(skippedIn(again.events)).toEqual(['one', 'two', 'three'])
      expect(await titles()).toEqual(['one', 'three', 'two'])
    })

    test('a task that is done starts over with no steps, and so does one that is marked pending', async () => {
      const { tasks, ends } = twoSteps()
      const party = stage.party(tasks)
      expect(await party.run()).toMatchObject({ outcome: 'failed' })
      await party.mark({ as: 'pending', names: ['first'] })
      ends.well = true
      expect(await party.run()).toMatchObject({ outcome: 'done' })
      expect(await titles()).toHaveLength(6)
      expect(await party.run({ names: ['first'] })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toHaveLength(9)
    })

    test('a task for every deploy keeps its steps within a deploy, and starts over in the next', async () => {
      const { tasks, ends } = twoSteps({ everyDeploy: true })
      const party = stage.party(tasks)
      expect(await party.run({ deployId: 'a' })).toMatchObject({ outcome: 'failed' })
      expect(await party.run({ deployId: 'a' })).toMatchObject({ outcome: 'failed' })
      expect(await titles()).toHaveLength(3)
      expect(await party.run({ deployId: 'b' })).toMatchObject({ outcome: 'failed' })
      expect(await titles()).toHaveLength(6)
      ends.well = true
      expect(await party.run({ deployId: 'b' })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toHaveLength(6)
      expect(await party.run({ deployId: 'c' })).toMatchObject({ outcome: 'done' })
      expect(await titles()).toHaveLength(9)
    })

    test('a try after a try does not do the steps again', async () => {
      let tries = 0
      const work = async (context: Context) => {
        await context.step('one', async () => void (await addPost(context, 'one')))
        tries += 1
        if (tries === 1) throw new Error('once')
      }
      const party = stage.party({ [FILE]: task(work, { retry: { attempts: 2, delay: 1 } }) })
      expect(await party.run()).toMatchObject({ outcome: 'done' })
      expect([tries, await titles()]).toEqual([2, ['one']])
    })

    test('in a transaction, a rollback takes the steps back too', async () => {
      const { tasks, ends } = twoSteps({ transaction: true })
      const party = stage.party(tasks)
      expect(await party.run()).toMatchObject({ outcome: 'failed', results: [{ error: 'after the steps' }] })
      expect(await titles()).toEqual([])
      expect(await party.rehearse()).toMatchObject([{ outcome: 'failed', error: 'after the steps' }])
      ends.well = true
      expect(await party.rehearse()).toMatchObject([{ outcome: 'rehearsed' }])
      const running = stage.run(party)
      expect(await running.ended).toMatchObject({ outcome: 'done' })
      expect(skippedIn(running.events)).toEqual([])
      expect(await titles()).toEqual(['one', 'three', 'two'])
    })

    test('a process that lost its claim keeps no step', async () => {
      const gate = new Gate()
      const begun = new Gate()
      const work = async ({ step }: Context) => {
        await step('one', async () => {
          begun.open()
          await gate.passed
        })
        await step('two', () => 2)
      }
      const running = stage.run(stage.party({ [FILE]: task(work) }, { lease: '30s' }))
      await begun.passed
      await stage.steal(VERSION)
      gate.open()
      expect(await running.ended).toMatchObject({ outcome: 'locked', results: [{ reason: { code: 'lost' } }] })
      expect(await stage.record(VERSION)).toMatchObject({ owner: 'thief:1:x', state: null })
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
