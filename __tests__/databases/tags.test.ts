import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { defineTask } from '../../src/define/task.js'
import { describeDatabases } from '../support/databases.js'
import { Stage } from '../support/parties.js'

const [BILLING, SEARCH, PLAIN] = ['20260101000000_billing', '20260102000000_search', '20260103000000_plain'] as const

/** Tasks that note that they ran. */
const tasks = (ran: string[]) => ({
  [BILLING]: defineTask({ tags: ['billing'], run: () => ran.push('billing') }),
  [SEARCH]: defineTask({ tags: ['search', 'slow'], run: () => ran.push('search') }),
  [PLAIN]: defineTask({ run: () => ran.push('plain') }),
})

describeDatabases(
  (variant) => {
    let stage: Stage
    beforeEach(async () => {
      stage = await Stage.open(variant)
    })
    afterEach(() => stage[Symbol.asyncDispose]())

    describe('tags', () => {
      test('choose what runs, what status shows, and leave the rest pending', async () => {
        const ran: string[] = []
        const party = stage.party(tasks(ran))
        await party.run({ tags: ['billing', 'search'], excludeTags: ['slow'] })
        expect(ran).toEqual(['billing'])
        const { tasks: shown, summary } = await party.status()
        expect(shown.map(({ tags, state }) => [tags, state])).toEqual([
          [['billing'], 'done'],
          [['search', 'slow'], 'pending'],
          [[], 'pending'],
        ])
        expect(summary).toMatchObject({ done: 1, pending: 2 })
        expect(await party.status({ tags: ['billing'], onlyOpen: true })).toMatchObject({
          pending: false,
          summary: { done: 1, pending: 0 },
        })
        expect((await party.status({ excludeTags: ['slow'] })).tasks).toHaveLength(2)
        // Its tasks are done: a deploy that always says so has nothing to do.
        expect(await party.run({ tags: ['billing'] })).toMatchObject({ outcome: 'done', results: [] })
        await party.run()
        expect(ran).toEqual(['billing', 'search', 'plain'])
      })

      test('that no task has are refused with the nearest, and so are tags with names; nothing runs', async () => {
        const ran: string[] = []
        const party = stage.party(tasks(ran))
        const refused = (given: Promise<unknown>) =>
          given.then(
            () => 'not refused',
            (error) => [error.code, error.next],
          )
        const near = ['tag-unknown', expect.stringContaining('Did you mean billing?')]
        expect(await refused(party.run({ tags: ['search', 'biling'] }))).toEqual(near)
        expect(await refused(party.rehearse({ excludeTags: ['biling'] }))).toEqual(near)
        expect(await refused(party.status({ tags: ['biling'] }))).toEqual(near)
        expect(await refused(party.plan({ names: ['plain'], tags: ['billing'] }))).toEqual([
          'usage',
          expect.stringContaining('--tag'),
        ])
        expect(ran).toEqual([])
      })
    })
  },
  ['sqlite-libsql'],
)
