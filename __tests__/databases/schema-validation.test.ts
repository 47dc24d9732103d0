import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { applyInit } from '../../src/project/init/apply-init.js'
import { planInit } from '../../src/project/init/plan-init.js'
import type { Provider } from '../../src/project/schema/column-types.js'
import { few, testAgain } from '../support/selection.js'

const MODULES = join(import.meta.dirname, '..', '..', 'node_modules')
/** None of the variables that a schema or a config could name is set. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/DATABASE|PRISMA/.test(name)))

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'validate-'))
  await symlink(MODULES, join(root, 'node_modules'), 'junction')
  await write({
    'package.json': JSON.stringify({ type: 'module', dependencies: { prisma: '7', 'after-party': '1' } }),
    'prisma.config.ts': `import { defineConfig, env } from 'prisma/config'

console.log('a config may print')

export default defineConfig({
  schema: 'db/' + 'schema.prisma',
  migrations: { path: ['db', 'm'].join('/') },
  datasource: { url: env('A_VARIABLE_THAT_IS_NOT_SET') },
})
`,
  })
})

afterEach(() => rm(root, { recursive: true, force: true }))

async function write(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
}

function schema(provider: Provider, settings = '') {
  const id = provider === 'mongodb' ? 'String @id @map("_id")' : 'Int @id'
  const generator = `generator client {\n  provider = "prisma-client"\n  output   = "../generated"\n}\n`
  const model = `model Post {\n  id ${id}\n${settings && '  @@schema("blog")\n'}}\n`
  return `${generator}\ndatasource db {\n  provider = "${provider}"\n${settings}}\n\n${model}`
}

const init = async () => applyInit(await planInit({ cwd: root, env: ENV }), { env: ENV })
const read = (name: string) => readFile(join(root, name), 'utf8')

describe("with the project's own Prisma", () => {
  test.each<Provider>(few(['sqlite', 'postgresql', 'mysql', 'sqlserver', 'cockroachdb', 'mongodb'], 2))(
    'the ledger is accepted on %s, in a project whose connection URL is not set',
    async (provider) => {
      await write({ 'db/schema.prisma': schema(provider) })
      expect(await init()).toMatchObject({ validated: true, reason: undefined })
      expect(await read('after-party.config.ts')).toContain("migrations: 'db/m',")
    },
  )

  test.each<Provider>(few(['postgresql', 'sqlserver', 'cockroachdb'], 1))(
    'the ledger is accepted on %s under multiSchema',
    async (provider) => {
      await write({ 'db/schema.prisma': schema(provider, '  schemas = ["blog", "public"]\n') })
      expect(await init()).toMatchObject({ validated: true })
      expect(await read('db/schema.prisma')).toContain('@@schema("public")')
    },
  )

  testAgain('the ledger is accepted in a folder with CRLF', async () => {
    await write({
      'prisma.config.ts': `export default { schema: 'db' }`,
      'db/main.prisma': schema('sqlite').replaceAll('\n', '\r\n'),
    })
    expect(await init()).toMatchObject({
      written: ['db/after-party.prisma', 'after-party.config.ts', 'prisma/after-party/.gitkeep'],
      validated: true,
    })
    expect((await read('db/after-party.prisma')).replaceAll('\r\n', '')).not.toContain('\n')
  })

  test('a schema that Prisma would refuse with the ledger is put back as it was', async () => {
    // Two tables of one name: only Prisma sees that this one is another model's constraint.
    const text = `${schema('postgresql')}\nenum Kind {\n  A\n\n  @@map("after_party_task_runs_pkey")\n}\n\nmodel Job {\n  id   Int  @id(map: "after_party_task_runs_pkey")\n  kind Kind\n}\n`
    await write({ 'db/schema.prisma': text })
    await expect(init()).rejects.toMatchObject({
      code: 'schema-refused',
      what: expect.stringContaining('with the ledger in it'),
      why: expect.stringMatching(/after_party_task_runs_pkey[\s\S]*Validation Error Count: \d/),
    })
    expect(await read('db/schema.prisma')).toBe(text)
    expect((await readdir(root)).sort()).toEqual(['db', 'node_modules', 'package.json', 'prisma.config.ts'])
  })

  testAgain('a schema that Prisma refuses anyway is told apart', async () => {
    const text = `${schema('sqlite')}\nmodel Tag {\n  id Intt @id\n}`
    await write({ 'db/schema.prisma': text })
    await expect(init()).rejects.toMatchObject({
      code: 'schema-refused',
      what: expect.stringContaining('rejects the current schema'),
      why: expect.stringContaining('"Intt"'),
    })
    expect(await read('db/schema.prisma')).toBe(text)
    expect((await readdir(root)).sort()).toEqual(['db', 'node_modules', 'package.json', 'prisma.config.ts'])
  })

  test('a Prisma that can not be run leaves the change in place, and says why', async () => {
    await rm(join(root, 'node_modules'), { recursive: true })
    await write({
      'prisma.config.ts': `export default { schema: 'db/schema.prisma' }`,
      'db/schema.prisma': schema('sqlite'),
      'node_modules/prisma/package.json': '{ "version": "7.0.0", "bin": "cli.js" }',
      'node_modules/prisma/cli.js': `console.error('Error: no route to binaries.example'); process.exit(1)`,
    })
    expect(await init()).toMatchObject({ validated: false, reason: 'Error: no route to binaries.example' })
    expect(await read('db/schema.prisma')).toContain('AfterPartyTaskRecord')
  })
})
