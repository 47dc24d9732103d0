import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeDatabases } from '../support/databases.js'
import { Project } from '../support/project.js'

const FILE = '20260101000000_wrong'

/** Each is a line of a task: a call by the client `on` that Prisma refuses. */
const CALLS = [
  'await on.post.findMany({ where: { nope: 1 } }).catch(say)',
  'await on.post.update({ where: { id: 1 }, data: { nope: 1 } }).catch(say)',
  'await on.$queryRawUnsafe("SELECT nope FROM nowhere").catch(say)',
]
const IN_TRANSACTION = 'await on.$transaction((tx: any) => tx.post.count({ where: { nope: 1 } })).catch(say)'

/** Prisma shows whose line it was by looking at the stack, where After Party stands between the task and Prisma. */
describeDatabases(
  (variant) => {
    let project: Project
    beforeAll(async () => {
      project = await Project.create({ variant })
    }, 120_000)
    afterAll(() => project?.remove())

    test.each([
      ['a task', '', [...CALLS, IN_TRANSACTION]],
      ['a task with a transaction', 'transaction: true,', CALLS],
    ])('a call of %s that Prisma refuses is shown with its line, as without After Party', async (_, options, calls) => {
      await project.task(
        FILE,
        `const { client } = await import('../../after-party.config.js')
    const plain = client()
    const say = ({ message }: Error) => log(JSON.stringify(message))
    for (const on of [plain, prisma] as any[]) {
      ${calls.join('\n      ')}
    }
    await plain.$disconnect()`,
        options,
      )
      const { code, stderr } = await project.afterParty('run', FILE)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      const { stdout } = await project.afterParty('history', '--json', '--limit', '1')
      const { runs } = JSON.parse(stdout) as { runs: { log: string }[] }
      const lines = (runs[0]?.log ?? '').trim().split('\n')
      const messages = lines.map((line) => JSON.parse(line) as string)
      const without = messages.slice(0, calls.length)
      expect(messages.slice(calls.length)).toEqual(without)
      const text = (await project.read(`prisma/after-party/${FILE}.ts`)).split('\n')
      const first = 1 + text.findIndex((line) => line.includes(CALLS[0] as string))
      expect(without[0]).toContain(`${FILE}.ts:${first}:`)
      expect(without[0]).toMatch(new RegExp(`→ ${first} +await on\\.post\\.findMany`))
    })
  },
  ['sqlite-libsql', 'sqlite-prisma6'],
)
