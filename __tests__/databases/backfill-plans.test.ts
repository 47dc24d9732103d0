import { beforeEach, expect, test } from '@jest/globals'
import { useBackfills } from '../support/backfills.js'
import { describeDatabases } from '../support/databases.js'

const ROWS = 60_000
const BATCH = 500

/** A node of PostgreSQL's plan, as far as it tells how many rows were looked at. */
interface Plan {
  'Node Type': string
  'Index Cond'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

describeDatabases(
  (variant) => {
    const backfills = useBackfills(variant)

    // Three first values: `a > x OR (a = x AND b > y)` would read the index from its start for every batch.
    beforeEach(async () => {
      const fill = `INSERT INTO "Pair" (a, b) SELECT i % 3, i FROM generate_series(1, ${ROWS}) i`
      await backfills.client.$executeRawUnsafe(fill)
      await backfills.client.$executeRawUnsafe('ANALYZE "Pair"')
    })

    test('a composite key is walked by ranges of its index: a batch looks at its own rows only', async () => {
      const reads: { sql: string; parameters: unknown[] }[] = []
      const client = backfills.database.client(5, { log: [{ emit: 'event', level: 'query' }] })
      client.$on('query', ({ query, params }) => {
        if (/^SELECT .*"Pair"/s.test(query) && !/COUNT/.test(query) && / ASC /.test(query))
          reads.push({ sql: query, parameters: JSON.parse(params) })
      })
      const result = await backfills.run(
        { model: 'pair', batchSize: BATCH, maxSkipped: 0, update: () => ({ times: 1 }) },
        {},
        client,
      )
      expect(result).toMatchObject({ outcome: 'done', processed: ROWS })
      expect(reads.length).toBeGreaterThan(ROWS / BATCH)
      for (const { sql, parameters } of [reads[1], reads[60], reads[90], reads.at(-1)].flatMap((read) => read ?? [])) {
        const [row] = await backfills.client.$queryRawUnsafe(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, ...parameters)
        const [{ Plan: plan }] = Object.values(row ?? {})[0] as [{ Plan: Plan }]
        const scans = nodes(plan).filter((node) => node['Node Type'].includes('Scan'))
        expect(scans.map((node) => node['Node Type']).filter((type) => type === 'Seq Scan')).toEqual([])
        expect(scans.some((node) => node['Index Cond'] !== undefined)).toBe(true)
        const looked = scans.map(
          (node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
        )
        expect(Math.max(...looked)).toBeLessThanOrEqual(2 * BATCH)
      }
    })
  },
  ['postgresql'],
)

function nodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)]
}
