import { expect, test } from '@jest/globals'
import { addPosts, type LooseBackfill, upTo, useBackfills } from '../support/backfills.js'
import { describeDatabases, type TestClient } from '../support/databases.js'

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    const copy = async (rows: { times: number }[], { prisma }: { prisma: TestClient }) => {
      for (const { times } of rows) if (times < 3) await prisma.randomKey.create({ data: { times: times + 1 } })
    }

    test.each([
      ['random keys', { model: 'randomKey', run: copy }, true],
      ['random keys that it follows', { model: 'randomKey', follow: true, run: copy }, false],
      ['keys that begin with another field', { model: 'many', cursor: ['group', 'id'], run: async () => {} }, true],
      ['keys that grow', { model: 'post', run: async () => {} }, false],
      ['an update, which adds no row', { model: 'randomKey', update: () => ({ times: 9 }) }, false],
    ] as [string, LooseBackfill, boolean][])(
      'that rows it adds may be walked too is said where it is so: %s',
      async (_, backfill, said) => {
        await backfills.client.randomKey.createMany({ data: upTo(20).map(() => ({})) })
        await addPosts(backfills.client, [1])
        const result = await backfills.run({ batchSize: 3, ...backfill })
        expect(result.outcome).toBe('done')
        expect(result.logs.filter((line) => line.includes('added while it runs'))).toHaveLength(said ? 1 : 0)
        const party = backfills.party(backfill)
        await party.mark({ as: 'pending', names: ['backfill'] })
        const warnings: string[] = []
        await party.rehearse({
          onEvent: (event) => {
            if (event.type === 'log') warnings.push(event.message)
          },
        })
        expect(warnings.filter((line) => line.includes('added while it runs'))).toHaveLength(said ? 1 : 0)
      },
    )
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
