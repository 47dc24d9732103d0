import { expect, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { type Context, Stage, task } from '../support/parties.js'

/** What becomes of tasks in a database of which the caller says that it is new. */
describeDatabases(
  (variant) => {
    const creates = (title: string, options: Parameters<typeof task>[1] = {}) =>
      task(({ prisma }: Context) => prisma.post.create({ data: { title } }), options)
    const TASKS = {
      '20260101000000_old': creates('old', { onFresh: 'baseline' }),
      '20260102000000_always': creates('always', { everyDeploy: true }),
      '20260103000000_new': creates('new'),
    }

    test('a task with a baseline is recorded before the others run, and never runs by itself', async () => {
      await using stage = await Stage.open(variant)
      const party = stage.party(TASKS)
      expect((await party.plan()).map(({ runs }) => runs)).toEqual([true, true, true])
      expect((await party.plan({ fresh: true }))[0]).toMatchObject({ runs: false, reason: { code: 'fresh-baseline' } })
      const running = stage.run(party, { fresh: true })
      const result = await running.ended
      expect(result).toMatchObject({ outcome: 'done', baseline: [{ version: '20260101000000', name: 'old' }] })
      expect(running.events.map(({ type }) => type).slice(0, 3)).toEqual(['planned', 'baseline', 'started'])
      expect(await stage.titles()).toEqual(['always', 'new'])
      expect(await party.run()).not.toHaveProperty('baseline')
      expect(await stage.titles()).toEqual(['always', 'new', 'always'])
      const { tasks, summary, pending } = await party.status()
      expect(tasks[0]).toMatchObject({ state: 'baseline', attempts: 0, startedAt: null, finishedAt: expect.any(Date) })
      expect({ baseline: summary.baseline, pending }).toEqual({ baseline: 1, pending: false })
    })

    test('a task with a baseline runs when it is named, and when it is marked pending', async () => {
      await using stage = await Stage.open(variant)
      const party = stage.party({ '20260101000000_old': creates('old') }, { freshDatabase: 'baseline' })
      await party.run({ fresh: true })
      expect(await party.mark({ as: 'pending', names: ['old'] })).toMatchObject([{ from: 'baseline', to: 'pending' }])
      expect(await party.run()).toMatchObject({ results: [{ name: 'old', outcome: 'done' }] })
      await party.mark({ as: 'pending', names: ['old'] })
      expect(await party.run({ fresh: true })).toMatchObject({ results: [], baseline: [{ name: 'old' }] })
      expect(await party.run({ names: ['old'] })).toMatchObject({ results: [{ name: 'old', outcome: 'done' }] })
      expect(await stage.titles()).toEqual(['old', 'old'])
      expect(await stage.record('20260101000000')).toMatchObject({ status: 'done' })
    })

    test('where a task dies, those with a baseline are recorded already', async () => {
      await using stage = await Stage.open(variant)
      const tasks = { '20250101000000_dies': task(() => Promise.reject(new Error('no'))), ...TASKS }
      const party = stage.party(tasks)
      expect(await party.run({ fresh: true })).toMatchObject({ outcome: 'failed', baseline: [{ name: 'old' }] })
      expect(await stage.record('20260101000000')).toMatchObject({ status: 'baseline' })
      expect((await party.plan({ fresh: true }))[0]).toMatchObject({ runs: true, reason: { code: 'failed' } })
    })

    test('a run that planned to run it takes the baseline of another process for done', async () => {
      await using stage = await Stage.open(variant)
      const fresh = stage.party(TASKS)
      const first = task(() => fresh.run({ fresh: true, names: ['old'] }))
      const late = stage.party({ '20250101000000_first': first, '20260101000000_old': TASKS['20260101000000_old'] })
      expect(await late.run()).toMatchObject({ outcome: 'done', results: [{}, { name: 'old', elsewhere: true }] })
      expect(await stage.titles()).toEqual([])
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
  { serverToo: true },
)
