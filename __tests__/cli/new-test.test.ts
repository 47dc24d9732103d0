import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { repository } from '../support/paths.mjs'
import { Project } from '../support/project.js'

describe('new with --test', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
  })
  afterAll(() => project.remove())

  const newTask = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.afterParty('new', ...args, '--test')
    const [task = '', file = ''] = stdout.split('\n')
    expect({ code, file }).toEqual({ code: 0, file: task.replace(/\.ts$/, '.test.ts') })
    return { task, file, stderr }
  }
  const backfill = ['--backfill', '--model', 'Post', '--set', 'slug']

  test('writes a test that passes as it is, fails for rows until `update` is written, and leaves no row behind', async () => {
    const plain = await newTask('plain')
    const slugs = await newTask('slugs', ...backfill)
    expect(slugs.stderr).toContain(`then run \`node --import tsx --test ${slugs.file}\`.`)
    const withRows = slugs.file.replace('_slugs', '_slugs_with_rows')
    const row = "await transaction.post.create({ data: { id: 1, title: 'A walk' } })"
    await project.write(withRows, (await project.read(slugs.file)).replace(/\/\/ {3}await .*/, row))
    const nodeTest = (...files: string[]) =>
      project.node('--import', 'tsx', '--test', '--test-concurrency=1', '--test-reporter=tap', ...files)

    const first = await nodeTest(plain.file, slugs.file, withRows)
    expect(first.stdout).toMatch(/^# pass 2\n# fail 1$/m)
    expect(first.stdout).toContain('TODO: compute slug')

    const body = await project.read(slugs.task)
    await project.write(slugs.task, body.replace(/throw new Error.*/, "return { slug: 'a-walk' }"))
    // The row has an id of its own: it would be there already, had the first test left it.
    const { code, stdout } = await nodeTest(withRows)
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# pass 1\n# fail 0$/m) })

    const packageJson = JSON.parse(await project.read('package.json')) as object
    await project.write('package.json', JSON.stringify({ ...packageJson, devDependencies: { vitest: '*' } }))
    const again = await newTask('again', ...backfill)
    expect(again.stderr).toContain(`then run \`npx vitest run ${again.file}\`.`)
    // `update` throws: it passes on an empty table only.
    const vitest = path.join(repository, 'node_modules', 'vitest', 'vitest.mjs')
    const ran = await project.node(vitest, 'run', again.file)
    expect({ code: ran.code, said: ran.stdout }).toEqual({ code: 0, said: expect.stringMatching(/Tests +1 passed/) })
  })
})
