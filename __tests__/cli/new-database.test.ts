import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'

/** A deploy to a database that is new, and to one that is not the expected one. */

let project: Project
beforeAll(async () => {
  project = await Project.create()
  await project.task('20260101000000_old', `throw new Error('ran')`)
  await project.task('20260102000000_seeds', '', `onFresh: 'run',`)
  const config = await project.read('after-party.config.ts')
  await project.write('after-party.config.ts', config.replace('client,', "client,\n  freshDatabase: 'baseline',"))
})
afterAll(() => project.remove())

test('a new database records what it need not run, and says so, in the expected database only', async () => {
  const wrong = await project.afterParty('run', '--fresh', '--expect-database', 'shop', '--json')
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toBe(`✖ Wrong database: this is dev.db.
  The run expects the database "shop", so nothing was run.
→ Check the connection URL of your config. If this is the right database, pass \`--expect-database dev.db\`.`)
  expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'wrong-database' } })

  const { code, stdout, stderr } = await project.afterParty('run', '--fresh', '--expect-database', 'dev', '--json')
  expect(code).toBe(0)
  expect(stderr).toContain(`› 1 task to run in dev.db
› 1 task recorded as baseline: this database is new
→ seeds 20260102000000`)
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'done',
    database: { provider: 'sqlite', name: 'dev.db' },
    results: [{ name: 'seeds' }],
    baseline: [{ version: '20260101000000', name: 'old' }],
  })
  const status = await project.afterParty('status', '--check')
  expect(status).toMatchObject({ code: 0, stderr: expect.stringContaining('\n1 done, 1 baseline') })
  expect(status.stdout).toMatch(/baseline +20260101000000 +old/)
})
