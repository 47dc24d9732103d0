/**
 * Backfills on a real database, in this process: one database for all tests of a `describe`, each test with a ledger
 * that knows nothing.
 *
 *     describeDatabases((variant) => {
 *       const backfills = useBackfills(variant)
 *       test('…', async () => {
 *         const result = await backfills.run({ model: 'post', update: () => ({ slug: 'x' }) })
 *         expect(result).toMatchObject({ outcome: 'done', processed: 3 })
 *       })
 *     })
 */
import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { type BackfillDefinition, defineBackfill } from '../../src/define/backfill.js'
import type { PrismaClientLike } from '../../src/define/config.js'
import type { RunEvent, TaskResult } from '../../src/define/events.js'
import { type AfterParty, createAfterParty, type PartyRunOptions } from '../../src/party.js'
import { createDatabase, type Database, type TestClient, type VariantName } from './databases.js'

/** A backfill, its rows untyped: the client is made when the tests run. */
export type LooseBackfill = Omit<BackfillDefinition, 'kind' | 'update' | 'run' | 'execute' | 'throttle' | 'select'> & {
  select?: Record<string, unknown>
  update?(row: never): unknown
  run?(
    rows: never[],
    context: { prisma: TestClient; log: (...message: unknown[]) => void; signal: AbortSignal },
  ): unknown
  throttle?(context: { prisma: TestClient; signal: AbortSignal }): unknown
}

/** What one run of one backfill came to. */
export interface BackfillResult extends TaskResult {
  /** All that was logged, warnings included, and the rows that were skipped: `skipped 2: no title`. */
  logs: string[]
  events: RunEvent[]
}

export const VERSION = '20260101000000'

/** A database with the tests' models, empty before each test, and parties on it. */
export interface Backfills {
  readonly database: Database
  /** A look from outside. */
  readonly client: TestClient
  /** A party with this backfill, named `backfill`. Parties share two clients, unless one is given. */
  party(backfill: LooseBackfill, client?: TestClient): AfterParty
  /** Runs a backfill to its end, or to its failure. */
  run(backfill: LooseBackfill, options?: PartyRunOptions, client?: TestClient): Promise<BackfillResult>
}

/** Runs what a party has pending, and tells what became of its one task. */
export async function runOnce(party: AfterParty, options: PartyRunOptions = {}): Promise<BackfillResult> {
  const events: RunEvent[] = []
  const { results } = await party.run({ grace: 100, ...options, onEvent: (event) => events.push(event) })
  const [result] = results
  if (!result) throw new Error('nothing was run')
  return { ...result, logs: events.flatMap(lineOf), events }
}

function lineOf(event: RunEvent): string[] {
  if (event.type === 'skipped') return [`skipped ${event.row.key}: ${event.row.error}`]
  return event.type === 'log' ? [event.message] : []
}

export function useBackfills(variant: VariantName): Backfills {
  let database: Database
  let client: TestClient
  let ledgerClient: TestClient
  let tasksClient: TestClient
  beforeAll(async () => {
    database = await createDatabase(variant)
    client = database.client()
    ledgerClient = database.client()
    tasksClient = database.client()
  })
  afterAll(() => database?.drop())
  beforeEach(() => emptyAll(client))
  const party = (backfill: LooseBackfill, given = tasksClient) =>
    createAfterParty({
      client: () => given as unknown as PrismaClientLike,
      ledgerClient: () => ledgerClient as unknown as PrismaClientLike,
      tasks: { [`${VERSION}_backfill`]: defineBackfill(backfill as never) },
    })
  return {
    get database() {
      return database
    },
    get client() {
      return client
    },
    party,
    run: (backfill, options, given) => runOnce(party(backfill, given), options),
  }
}

const MODELS = [
  'everything',
  'author',
  'stamped',
  'keyBig',
  'keyText',
  'keyDate',
  'keyDecimal',
  'pair',
  'loose',
  'many',
  'dated',
  'randomKey',
  'post',
  'afterPartyTaskRecord',
  'afterPartyTaskRun',
] as const

async function emptyAll(client: TestClient): Promise<void> {
  const delegates = client as unknown as Record<string, TestClient['post']>
  for (const model of MODELS) await delegates[model]?.deleteMany({})
}

/** Rows of the model `Post` with these ids. */
export async function addPosts(client: TestClient, ids: readonly number[]): Promise<void> {
  await client.post.createMany({ data: ids.map((id) => ({ id, title: `post ${id}` })) })
}

/** 1 to n. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1)
}
