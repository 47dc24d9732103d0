import { expect, jest, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { clientOf, oldProject, succeed, writeUpgrade } from '../support/old-ledger.js'
import type { Project } from '../support/project.js'

// Some twenty processes, one after the other.
jest.setTimeout(900_000)

const SCHEMA = 'prisma/schema.prisma'
const COMMANDS = [['run'], ['status'], ['history'], ['mark', 'failed', '--done'], ['run', '--dry-run']]

async function writeTasks(project: Project): Promise<void> {
  for (const task of ['01000000_done', '03000000_failed', '04000000_interrupted', '05000000_died', '08000000_skipped'])
    await project.task(`202601${task}`, `log('ran')`)
  await project.task('20260109000000_marked_pending', `log('ran')`)
  await project.task('20260110000000_never_ran', `log('ran')`)
  await project.task('20260102000000_every_deploy', `log('ran')`, 'everyDeploy: true,')
  const backfill = (options: string) => `import { defineBackfill } from 'after-party'

export default defineBackfill({ batchSize: 10, onError: 'skip', ${options} })
`
  await project.write(
    'prisma/after-party/20260106000000_half.ts',
    backfill(`model: 'post', update: (post) => {
      if (post.id % 7 === 0) throw new Error('no title')
      return { slug: \`slug-\${post.id}\` }
    }`),
  )
  await project.write(
    'prisma/after-party/20260107000000_parts.ts',
    backfill(`model: 'keyBig', concurrency: 3, update: (row) => {
      if (row.id % 11n === 0n) throw new Error('odd')
      return { times: row.times + 1 }
    }`),
  )
}

describeDatabases(
  (variant) => {
    test('a ledger of 0.1 is upgraded by init, keeps its rows, and its tasks run on from where they stood', async () => {
      const project = await oldProject(variant, '0.1')
      try {
        await writeTasks(project)
        // What the client knows is the same on every database.
        for (const command of variant === 'sqlite-libsql' ? COMMANDS : [['run']]) {
          const { code, stderr } = await project.afterParty(...command)
          expect({ command, code }).toEqual({ command, code: 2 })
          expect(stderr).toContain("After Party's tables are out of date.")
          expect(stderr).toContain('`npx after-party init`')
          expect(stderr).toContain('`npx prisma migrate dev --name upgrade_after_party && npx prisma generate`')
        }

        const before = await project.read(SCHEMA)
        const said = await succeed(project.afterParty('init'))
        expect(said).toContain('npx prisma migrate dev --name upgrade_after_party')
        const after = (await project.read(SCHEMA)).split('\n')
        // Lines were added, and nothing else.
        let at = 0
        for (const line of before.split('\n')) at = after.indexOf(line, at) + 1 || Number.NaN
        expect(at).not.toBeNaN()
        expect(after.length).toBe(before.split('\n').length + 16 + 8)
        expect(await succeed(project.afterParty('init'))).toContain('Nothing to change')

        await writeUpgrade(project, variant, '0.1', before)
        await succeed(project.prisma('generate'))
        const unmigrated = await project.afterParty('run')
        expect(unmigrated).toMatchObject({ code: 2, stderr: expect.stringContaining('upgrade_after_party') })
        await succeed(project.prisma('migrate', 'deploy'))

        const status = JSON.parse((await project.afterParty('status', '--json')).stdout)
        const states = Object.fromEntries(
          status.tasks.map(({ name, state }: { name: string; state: string }) => [name, state]),
        )
        expect(states).toEqual({
          done: 'done',
          every_deploy: 'recurring',
          failed: 'failed',
          interrupted: 'interrupted',
          died: 'interrupted',
          half: 'interrupted',
          parts: 'interrupted',
          skipped: 'skipped',
          marked_pending: 'pending',
          never_ran: 'pending',
        })

        const ran = await project.afterParty('run', '--deploy-id', 'release-2', '--json')
        expect(ran.code).toBe(0)
        const { results } = JSON.parse(ran.stdout)
        expect(results.map(({ name }: { name: string }) => name)).toEqual([
          ...['every_deploy', 'failed', 'interrupted', 'died', 'half', 'parts', 'marked_pending', 'never_ran'],
        ])
        // Rows of before are not done again.
        expect(results.find(({ name }: { name: string }) => name === 'half')).toMatchObject({ processed: 80 })
        expect(results.find(({ name }: { name: string }) => name === 'parts')).toMatchObject({ processed: 80 })

        const look = await clientOf(project, variant)
        const posts = await look.post.findMany({ where: { slug: null }, orderBy: { id: 'asc' } })
        expect(posts.map(({ id }) => id)).toEqual(Array.from({ length: 17 }, (_, i) => (i + 1) * 7))
        const counted = await look.keyBig.findMany({ orderBy: { id: 'asc' } })
        expect(counted.filter(({ id, times }) => times !== (Number(id) % 11 === 0 ? 0 : 1))).toEqual([])
        await look.$disconnect()

        const history = JSON.parse((await project.afterParty('history', 'half', '--json')).stdout)
        expect(history.runs).toHaveLength(2)
        // Of both releases.
        const skippedRows = posts.map(({ id }) => ({ key: `${id}`, error: 'no title' }))
        expect(history.runs[0].skippedRows).toEqual(skippedRows)
        expect((await project.afterParty('run', '--deploy-id', 'release-2')).stderr).toContain('Nothing to do')

        // What starts over starts at the first row, not where 0.1 stood.
        const startsOver = async (...names: string[]) => {
          const { stdout } = await project.afterParty('run', ...names, '--deploy-id', 'release-2', '--json')
          expect(JSON.parse(stdout).results).toMatchObject([{ name: 'half', outcome: 'done', processed: 120 }])
        }
        await startsOver('half')
        await succeed(project.afterParty('mark', 'half', '--pending'))
        await startsOver()
      } finally {
        await project.remove()
      }
    })
  },
  ['sqlite-libsql', 'postgresql', 'mariadb'],
)
