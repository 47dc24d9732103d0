import { expect, test } from '@jest/globals'
import { Child } from '../support/child.js'
import { Project } from '../support/project.js'

/** Background tasks on the command line: the built binary, as processes. */

const SLOW = `import { defineBackfill } from 'after-party'

export default defineBackfill({
  description: 'Name every post',
  model: 'post',
  background: true,
  batchSize: 2,
  pause: 100,
  update: (post) => ({ slug: \`s\${post.id}\` }),
})
`

async function withPosts(project: Project, count: number): Promise<void> {
  await project.task(
    '20260101000000_posts',
    `await prisma.post.createMany({ data: Array.from({ length: ${count} }, (_, i) => ({ title: String(i) })) })`,
  )
}

test('a deploy hands a backfill over; a worker does it; pause, resume and wait are heard by it', async () => {
  const project = await Project.create()
  try {
    await withPosts(project, 60)
    await project.write('prisma/after-party/20260102000000_count.ts', SLOW)
    const plan = await project.afterParty('run', '--dry-run')
    expect(plan.stdout).toMatch(/count +waits for a worker/)
    const ran = await project.afterParty('run')
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('› 1 background task waits for a worker')])

    const [all, foreground, status] = await project.inOneProcess([
      ['status', '--check'],
      ['status', '--check', '--lane', 'foreground'],
      ['status'],
    ])
    expect([all?.code, foreground?.code]).toEqual([4, 0])
    expect(status?.stdout).toMatch(/^pending +20260102000000 +count .*background, Name every post$/m)
    expect(status?.stderr).toContain(
      '⚠ 1 task waits for a worker. No worker has been seen yet.\n→ Start one: npx after-party work',
    )

    await using worker = new Child(project, ['work', '--poll', '100ms', '--json'])
    await worker.saw(/→ count 20260102000000/)
    const paused = await project.afterParty('pause', 'count', '--by', 'ada', '--reason', 'the sale')
    expect([paused.code, paused.stderr]).toEqual([0, '✔ count paused'])
    await worker.saw(/› count paused after .*: by request: the sale/)
    await worker.saw(/› Nothing to do/)
    const held = await project.afterParty('status')
    expect(held.stdout).toMatch(/^paused .*background, \d+ of 60 rows, by ada: the sale$/m)
    const json = JSON.parse((await project.afterParty('status', '--json')).stdout)
    expect(json).toMatchObject({
      tasks: [{ state: 'done' }, { state: 'paused', request: { kind: 'pause', by: 'ada', reason: 'the sale' } }],
      worker: null,
    })
    // No deploy fails because of it.
    expect((await project.afterParty('run')).code).toBe(0)
    expect((await project.afterParty('wait', 'count', '--timeout', '300ms')).code).toBe(4)

    const waiting = new Child(project, ['wait', '--json'])
    expect((await project.afterParty('resume', 'count')).stderr).toBe('✔ count resumed')
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '{"outcome":"done","open":[]}' })
    worker.signal('SIGTERM')
    const ended = await worker.ended
    expect([ended.code, JSON.parse(ended.stdout)]).toMatchObject([0, { done: [{ name: 'count' }], failed: [] }])
    const check = await project.afterParty('status', '--check', '--watch')
    expect(check.code).toBe(0)
  } finally {
    await project.remove()
  }
})

test('`work --once` ends with 1 if a task failed, and goes on with the others; a signal ends a worker with 0', async () => {
  const project = await Project.create()
  try {
    await project.task('20260101000000_broken', `throw new Error('not today')`, 'background: true,')
    await project.task('20260102000000_fine', `log('worked')`, 'background: true,')
    await project.afterParty('run')
    const once = await project.afterParty('work', '--once')
    expect([once.code, once.stderr]).toEqual([1, expect.stringMatching(/✖ broken failed[\s\S]*✔ fine/)])
    const again = await project.afterParty('work', '--once', '--json')
    expect([again.code, again.stdout]).toEqual([0, '{"outcome":"done","slices":0,"done":[],"failed":[]}'])
    const cancelled = await project.afterParty('cancel', 'broken')
    expect([cancelled.code, cancelled.stderr]).toEqual([0, '✔ broken cancelled'])
    expect((await project.afterParty('status', '--check')).code).toBe(0)

    await using worker = new Child(project, ['work'])
    await worker.saw(/› Nothing to do. Waiting for tasks./)
    worker.signal('SIGINT')
    expect(await worker.ended).toMatchObject({ code: 0 })
  } finally {
    await project.remove()
  }
})

test('bad input: nothing runs, and the exit code is 2', async () => {
  const project = await Project.create()
  try {
    await project.task('20260101000000_first', '', `background: true, everyDeploy: true,`)
    await project.task('20260102000000_second', '', `after: ['frist'],`)
    await project.task('20260103000000_third', '', `after: ['fourth'],`)
    await project.task('20260104000000_fourth', '')
    const calls = await project.inOneProcess([
      ['run'],
      ['work', '--concurrency', '0'],
      ['pause'],
      ['pause', 'nobody'],
      ['run', '--lane', 'middle'],
      ['status', '--watch', '--json'],
      ['cancel', 'second', '--timeout', 'soon'],
    ])
    expect(calls.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2, 2])
    const [run] = calls
    expect(run?.stderr).toContain("`everyDeploy` and `background` can't be combined: remove one")
    expect(run?.stderr).toContain('`after` has "frist", which is not a task: did you mean first?')
    expect(run?.stderr).toContain('`after` has fourth, which is not older: a task can only come after older ones')
    expect(calls[3]?.stderr).toContain('Unknown task: "nobody"')
  } finally {
    await project.remove()
  }
})

test('a worker does not begin before the migrations are applied, and then goes on by itself', async () => {
  const project = await Project.create()
  try {
    await project.task('20260101000000_first', `log('worked')`, 'background: true,')
    await project.afterParty('run')
    await project.write('prisma/migrations/20270101000000_note/migration.sql', 'CREATE TABLE "Note" ("id" INTEGER);\n')
    await using worker = new Child(project, ['work', '--poll', '200ms'])
    await worker.saw(/⚠ A migration is pending in this database: 20270101000000_note/)
    expect((await project.afterParty('status', '--check')).code).toBe(4)
    expect((await project.prisma('migrate', 'deploy')).code).toBe(0)
    await worker.saw(/✔ first/)
    worker.signal('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0 })
  } finally {
    await project.remove()
  }
})

test('a background task that a gate requires runs in the foreground of the deploy', async () => {
  const project = await Project.create()
  try {
    await project.task('20270101000000_backfill', `log('worked')`, 'background: true,')
    await project.task('20270103000000_later', `log('later')`, 'background: true,')
    await project.write(
      'prisma/migrations/20270102000000_note/migration.sql',
      '-- after-party: requires backfill\nCREATE TABLE "Note" ("id" INTEGER);\n',
    )
    const deployed = await project.afterParty('deploy')
    expect([deployed.code, deployed.stderr]).toEqual([
      0,
      expect.stringMatching(/✔ backfill[\s\S]*1 background task waits/),
    ])
    expect((await project.afterParty('work', '--once')).stderr).toMatch(/✔ later/)
    expect((await project.afterParty('status', '--check')).code).toBe(0)
  } finally {
    await project.remove()
  }
})
