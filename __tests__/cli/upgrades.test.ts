import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { servers } from '../support/databases/servers.mjs'
import { repository } from '../support/paths.mjs'
import { CUSTOMERS_AT_LAST, LAST, PLACES, type Provider, pathsFrom } from '../support/self-hosted.js'
import { Upgrades } from '../support/upgrades.js'

/**
 * examples/self-hosted has five releases. Whichever of them a customer installs, and whichever they skip: in the end, the
 * schema and the rows are the same. The built binary, the real Prisma CLI, and the databases of customers.
 *
 * A few ways to the last release run here; `npm run upgrades` takes all of them.
 */

const everyPath = process.env.AFTER_PARTY_TEST_UPGRADES === 'all'
const report = process.env.AFTER_PARTY_UPGRADES_REPORT
/** A path is some deploys, each with several calls of Prisma. */
const TIMEOUT_MS = 15 * 60_000

const server = servers().postgresql.url
const few: Record<Provider, number[][]> = {
  sqlite: [[5], [1, 5], [1, 3, 5]],
  postgresql: [[5], [1, 5]],
}
const every = [5, 4, 3, 2, 1].flatMap(pathsFrom)

/** The release that adds places, and asks for those of the addresses that are there. */
const ADDS_PLACES = 4

describe.each(['sqlite', 'postgresql'] as const)('a self-hosted product on %s', (provider) => {
  const testHere = provider === 'postgresql' && server === undefined ? test.skip : test
  let upgrades: Upgrades
  beforeAll(async () => {
    upgrades = await Upgrades.open(provider, server)
  })
  afterAll(() => upgrades.close())

  const paths = (everyPath ? every : few[provider]).map((releases) => ({ releases, shown: releases.join(' → ') }))

  testHere.each(paths)(
    'releases $shown: the same schema, rows and records as a new install',
    async ({ releases }) => {
      const fresh = await upgrades.end((await upgrades.after([LAST])).database)
      const { database, deploys } = await upgrades.after(releases)
      expect(await upgrades.end(database)).toEqual({ ...fresh, customers: CUSTOMERS_AT_LAST })
      const once = Object.keys(PLACES).sort()
      for (const [index, { release, asked }] of deploys.entries()) {
        const before = releases[index - 1]
        const asks = before !== undefined && before < ADDS_PLACES && release >= ADDS_PLACES
        expect({ release, asked }).toEqual({ release, asked: asks ? once : [] })
      }
      if (report === undefined) return
      const sum = (of: (deploy: (typeof deploys)[number]) => number) => deploys.reduce((all, each) => all + of(each), 0)
      const row = { provider, releases, segments: sum(({ segments }) => segments), ms: sum(({ ms }) => ms) }
      await appendFile(report, `${JSON.stringify(row)}\n`)
    },
    TIMEOUT_MS,
  )

  const releases = everyPath ? [1, 2, 3, 4, LAST] : provider === 'sqlite' ? [LAST] : []

  if (releases.length > 0)
    testHere.each(releases)(
      'release %i: its migrations make its schema, its types are right, and `check` finds nothing',
      async (release) => {
        const project = await upgrades.project(release)
        const { database } = await upgrades.after([release])
        project.env.DATABASE_URL = upgrades.databases.url(database)
        const schema = `prisma/${provider}/schema.prisma`
        const from = ['migrate', 'diff', '--from-config-datasource', '--to-schema', schema, '--exit-code']
        expect(await project.prisma(...from)).toMatchObject({ code: 0 })
        const checked = await project.afterParty('check', '--offline')
        expect({ code: checked.code, warned: checked.stderr.includes('⚠') }).toEqual({ code: 0, warned: false })
        const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
        expect(await project.node(tsc, '-p', '.')).toEqual({ code: 0, stdout: '', stderr: '' })
      },
      TIMEOUT_MS,
    )

  if (provider === 'sqlite' || everyPath)
    testHere(
      'an upgrade whose API goes away halfway stops before the gate, and the next one asks only for what is left',
      async () => {
        const fresh = await upgrades.end((await upgrades.after([LAST])).database)
        const { database } = await upgrades.after([1])
        await upgrades.databases.copy(database, 'outage')
        upgrades.geocoder.answersLeft = 2
        const stopped = await upgrades.deploy(LAST, 'outage')
        expect(stopped.code).toBe(1)
        expect(stopped.stderr).toContain('The geocoder answered with 503')
        const query = (sql: string) => upgrades.databases.query('outage', sql)
        expect(await query('SELECT max(migration_name) FROM _prisma_migrations')).toEqual([
          ['20260413090000_add_places'],
        ])
        expect(await query('SELECT "name" FROM "Customer" WHERE "latitude" IS NULL ORDER BY "id"')).toEqual([
          ['Ada Byron'],
          ['Cy'],
        ])
        upgrades.geocoder.answersLeft = Number.POSITIVE_INFINITY
        expect((await upgrades.deploy(LAST, 'outage')).code).toBe(0)
        expect(upgrades.geocoder.takeAnswered()).toEqual(Object.keys(PLACES).sort())
        expect(await upgrades.end('outage')).toEqual({ ...fresh, customers: CUSTOMERS_AT_LAST })
      },
      TIMEOUT_MS,
    )
})
