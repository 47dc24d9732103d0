import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Child } from '../support/child.js'
import { compiled } from '../support/compiled.js'
import { databaseName } from '../support/databases/names.mjs'
import { createPostgres, dropPostgres, usingPostgres } from '../support/databases/postgres.mjs'
import { type RedisServer, redisMissing, startRedis } from '../support/databases/redis.mjs'
import { servers } from '../support/databases/servers.mjs'
import { Project } from '../support/project.js'
import { type } from '../support/transcript.js'

/** examples/workers: a deploy hands a backfill over, and processes that a queue wakes do it. What the README says. */

const TICKETS = 20_000
/** Longer than any test: who works in time was woken by the queue. */
const POLL = ['--poll', '10m']

/** Notes which tickets are written to, and by whom, and takes a moment for a batch, so that every worker gets some. */
const NOTES = `
CREATE TABLE written (id int NOT NULL, by text NOT NULL);
CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO written SELECT id, current_setting('application_name') FROM changed;
  PERFORM pg_sleep(0.25);
  RETURN NULL;
END $$;
CREATE TRIGGER note_written AFTER UPDATE ON "Ticket"
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_written();`

const server = servers().postgresql.url
const queues = [
  { queue: 'pg-boss', missing: server === undefined },
  { queue: 'bullmq', missing: server === undefined || redisMissing !== undefined },
]

let project: Project
beforeAll(async () => {
  project = await Project.example('workers')
  // Without a database, as in the Dockerfile.
  expect(await type(project, 'npx prisma generate')).toEqual({ code: 0, said: '' })
})
afterAll(() => project.remove())

describe.each(queues)('examples/workers with $queue', ({ queue, missing }) => {
  const testHere = missing ? test.skip : test
  const name = databaseName(`workers_${queue}`)
  const url = new URL(server ?? 'postgresql://nowhere')
  url.pathname = `/${name}`
  const rows = async (sql: string) =>
    (await usingPostgres(url.href, (client) => client.query({ text: sql, rowMode: 'array' }))).rows

  let redis: RedisServer | undefined
  beforeAll(async () => {
    if (missing || server === undefined) return
    if (queue === 'bullmq') redis = await startRedis()
    await createPostgres(server, name)
    project.env = { DATABASE_URL: url.href, QUEUE: queue, ...(redis && { REDIS_URL: redis.url }) }
  })
  afterAll(async () => {
    await redis?.end()
    if (!missing && server !== undefined) await dropPostgres(server, name)
  })

  const seed = () => project.node('--import', 'tsx', 'src/seed.ts', String(TICKETS))
  const worker = (who: string) =>
    new Child(project, ['work', ...POLL], { DATABASE_URL: `${url.href}?application_name=${who}` })
  const web = () =>
    new Child(project, [], { PORT: '0', WEB_WORKER: '1' }, { program: ['--import', 'tsx', 'src/server.ts'] })
  /** Tickets with their company, all writes, tickets that were written to, and what the task after the backfill counted. */
  const results = async () => {
    const counts = `SELECT (SELECT count(*) FROM "Ticket" WHERE "company" LIKE 'company-%')::int,
      (SELECT count(*) FROM written)::int, (SELECT count(DISTINCT id) FROM written)::int,
      (SELECT sum("tickets") FROM "Company")::int, (SELECT count(*) FROM "Company")::int`
    return (await rows(counts))[0]
  }

  testHere('a deploy hands the backfill over, and two workers do every row once', async () => {
    expect(await type(project, 'npx prisma migrate deploy')).toEqual({ code: 0, said: '' })
    expect(await seed()).toEqual({ code: 0, stdout: `${TICKETS} tickets added`, stderr: '' })
    await rows(NOTES)

    await using one = worker('one')
    await using two = worker('two')
    for (const worker of [one, two]) await worker.saw(/› Nothing to do. Waiting for tasks./)

    const deployed = await project.afterParty('deploy')
    expect([deployed.code, deployed.stderr]).toEqual([
      0,
      expect.stringMatching(/✔ open_inbox[\s\S]*› 2 background tasks wait for a worker/),
    ])
    expect(await rows('SELECT "name" FROM "Inbox"')).toEqual([['Everything']])

    expect((await project.afterParty('wait', '--timeout', '2m')).code).toBe(0)
    expect(await results()).toEqual([TICKETS, TICKETS, TICKETS, TICKETS, 50])
    expect((await rows('SELECT DISTINCT by FROM written ORDER BY by')).flat()).toEqual(['one', 'two'])
    for (const worker of [one, two]) {
      worker.signal('SIGTERM')
      expect(await worker.ended).toMatchObject({ code: 0 })
    }
  })

  // What wakes it makes no difference to a signal.
  if (queue !== 'pg-boss') return
  testHere("the web process's own worker does the same, and a signal stops both with 0", async () => {
    await rows('TRUNCATE "Ticket", "Company", written')
    await seed()
    expect((await project.afterParty('mark', 'find_companies', 'count_companies', '--pending')).code).toBe(0)
    expect((await project.afterParty('run')).code).toBe(0)

    await using early = web()
    await early.saw(/find_companies started/, 'stdout')
    early.signal('SIGTERM')
    expect(await early.ended).toMatchObject({ code: 0, stderr: '' })
    expect((await project.afterParty('status')).stdout).not.toContain('running')

    await using late = web()
    await late.saw(/count_companies done/, 'stdout')
    const [, port] = /Listening on port (\d+)/.exec(late.stdout) ?? []
    const answers = await Promise.all(
      ['/health', '/'].map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).json()),
    )
    expect(answers).toMatchObject([{ ok: true }, { inboxes: ['Everything'], tickets: TICKETS, withoutCompany: 0 }])
    late.signal('SIGTERM')
    expect(await late.ended).toMatchObject({ code: 0, stderr: '' })
    expect(await results()).toEqual([TICKETS, TICKETS, TICKETS, TICKETS, 50])
  })
})

test('a web process whose worker reaches no database ends with 1, and not silently without a worker', async () => {
  const env = { DATABASE_URL: 'postgresql://postgres@127.0.0.1:9/nowhere', PORT: '0', WEB_WORKER: '1' }
  await using web = new Child(project, [], env, { program: ['--import', 'tsx', 'src/server.ts'] })
  expect(await web.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("Can't reach the database") })
})

test('examples/workers has types that are right, no queue if it is told so, and none that it does not know', async () => {
  expect(await compiled(project.directory)).toBe('')
  project.env = { DATABASE_URL: 'postgresql://nowhere', QUEUE: 'none' }
  expect(await project.afterParty('check', '--offline')).toMatchObject({ code: 0 })
  project.env.QUEUE = 'kafka'
  expect((await project.afterParty('check', '--offline')).stderr).toContain(
    'QUEUE is kafka: set it to pg-boss, bullmq or none',
  )
})
