import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'

const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "sqlite"
}

model Post {
  id    Int    @id @default(autoincrement())
  title String
}
`

/** `packages/db` has the schema and the client, `apps/api` runs. Packages are hoisted, as npm does. */
const FILES = {
  'package.json': JSON.stringify({ private: true, workspaces: ['apps/*', 'packages/*'] }),
  'apps/api/package.json': JSON.stringify({ name: '@acme/api', type: 'module', dependencies: { '@acme/db': '*' } }),
  'packages/db/package.json': JSON.stringify({
    name: '@acme/db',
    type: 'module',
    dependencies: { '@prisma/client': '7', '@prisma/adapter-libsql': '7', prisma: '7', 'after-party': '*' },
  }),
  'packages/db/prisma.config.ts': `import { defineConfig } from 'prisma/config'
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: 'file:./dev.db' } })
`,
  'packages/db/prisma/schema.prisma': SCHEMA,
}

describe('a monorepo', () => {
  let project: Project
  let app: Project
  beforeAll(async () => {
    project = await Project.bare(FILES)
    app = project.inFolder('apps/api')
  })
  afterAll(() => project.remove())

  test('init in the app says where the schema is, and writes nothing', async () => {
    const before = await project.files()
    const { code, stderr } = await app.afterParty('init')
    expect(code).toBe(2)
    expect(stderr).toContain('Found in this workspace: ../../packages/db/prisma/schema.prisma.')
    expect(stderr).toContain('`npx after-party init --schema ../../packages/db/prisma/schema.prisma`')
    expect(await project.files()).toEqual(before)
  })

  test('init with that schema sets up the package that it belongs to', async () => {
    const before = await project.files()
    const { code, stderr } = await app.afterParty('init', '--schema', '../../packages/db/prisma/schema.prisma')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(Object.keys(await project.files()).filter((file) => !(file in before))).toEqual([
      'packages/db/after-party.config.ts',
      'packages/db/prisma/after-party/.gitkeep',
    ])
    expect(await project.read('packages/db/after-party.config.ts')).toContain("from './generated/prisma/client.js'")
    expect(stderr).toContain('✔ created ../../packages/db/after-party.config.ts')
    expect(stderr.slice(stderr.indexOf('Next:'))).toBe(`Next:
  cd ../../packages/db
  npx prisma migrate dev --name add_after_party && npx prisma generate
  npx after-party new my_first_task
  npx prisma migrate deploy && npx after-party run`)
  })

  test('the app runs the tasks of that package with --config, and is told so', async () => {
    const db = project.inFolder('packages/db')
    for (const words of [['migrate', 'dev', '--name', 'add_after_party'], ['generate']])
      expect(await db.prisma(...words)).toMatchObject({ code: 0 })
    await project.write(
      'packages/db/prisma/after-party/20260101000000_first_post.ts',
      `import { defineTask } from 'after-party'
export default defineTask({ run: ({ prisma }) => prisma.post.create({ data: { title: 'first' } }) })`,
    )
    const lost = await app.afterParty('run')
    expect(lost.code).toBe(2)
    expect(lost.stderr).toContain('→ Pass `--config ../../packages/db/after-party.config.ts`.')
    const { code, stderr } = await app.afterParty('run', '--config', '../../packages/db/after-party.config.ts')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('✔ first_post') })
  })
})
