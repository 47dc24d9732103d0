import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())

/** Its schema is made by hand, as any library could have made it. It repeats what it refuses. */
const TASK = `import { defineTask } from 'after-party'

const params = {
  '~standard': {
    version: 1 as const,
    vendor: 'by-hand',
    validate(given: unknown) {
      const { limit = 100, token = 'none' } = given as { limit?: number; token?: string }
      if (typeof limit !== 'number') return { issues: [{ path: ['limit'], message: 'not a number, but ' + limit }] }
      if (token === 'wrong') return { issues: [{ path: ['token'], message: token + ' is not a token' }] }
      return { value: { limit, token } }
    },
  },
}

export default defineTask({
  tags: ['imports'],
  params,
  secretParams: ['token'],
  run: ({ params, log }) => log(typeof params.limit, params.limit, params.token === 'hunter2'),
})
`

test('a task is run by hand with parameters, which its history shows, but for secrets; a deploy uses the defaults', async () => {
  await project.write('prisma/after-party/20260101000000_import.ts', TASK)
  const deploy = await project.afterParty('run', '--tag', 'imports')
  expect(deploy).toMatchObject({ code: 0, stderr: expect.stringContaining('number 100 false') })

  const byHand = await project.afterParty('run', 'import', '--param', 'limit=5', '--param=token=hunter2')
  expect(byHand).toMatchObject({ code: 0, stderr: expect.stringContaining('number 5 true') })
  const { stdout } = await project.afterParty('history', 'import')
  expect(stdout).toContain('params limit=5, token=•••')
  expect(stdout.match(/params/g)).toHaveLength(1)

  const wrong = await project.afterParty('run', 'import', '--param', 'token=wrong', '--json')
  expect(wrong.code).toBe(2)
  expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'params-invalid' } })
  for (const said of [deploy, byHand, wrong]) expect(said.stdout + said.stderr).not.toMatch(/hunter2|wrong/)
})
