import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { loadConfig } from '../../../src/project/config-file.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'after-party-compiled-'))
})
afterEach(() => rm(root, { recursive: true }))

async function write(...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), file.endsWith('package.json') ? '{ "name": "team" }' : '')
  }
}

/** What a config makes of its paths, from the root of these files. */
async function pathsOf(file: string, given: object = {}) {
  const exported = { client: () => ({}) as never, ...given }
  const { tasks, migrations } = await loadConfig({ defaultExport: async () => exported }, root, file)
  return { tasks: path.relative(root, tasks), migrations: path.relative(root, migrations) }
}

test('a compiled config has its tasks beside it, and the migrations of the project', async () => {
  await write('package.json', 'dist/app/after-party.config.js', 'dist/app/prisma/after-party/.gitkeep')
  await write('prisma/migrations/1/migration.sql', 'prisma/after-party/.gitkeep')
  expect(await pathsOf('dist/app/after-party.config.js')).toEqual({
    tasks: 'dist/app/prisma/after-party',
    migrations: 'prisma/migrations',
  })
})

test('migrations that are beside a compiled config are its own', async () => {
  await write('package.json', 'dist/after-party.config.js')
  await write('prisma/migrations/1/migration.sql', 'dist/prisma/migrations/1/migration.sql')
  expect(await pathsOf('dist/after-party.config.js')).toMatchObject({ migrations: 'dist/prisma/migrations' })
})

test('a path that a compiled config names is found as well', async () => {
  await write('package.json', 'dist/after-party.config.cjs', 'db/migrations/1/migration.sql')
  const paths = await pathsOf('dist/after-party.config.cjs', { migrations: 'db/migrations' })
  expect(paths).toMatchObject({ migrations: 'db/migrations' })
  const absolute = path.join(root, 'elsewhere')
  expect(await pathsOf('dist/after-party.config.cjs', { migrations: absolute })).toMatchObject({
    migrations: 'elsewhere',
  })
})

test('nothing is looked for in another package, nor for a config that nobody compiled', async () => {
  await write('prisma/migrations/1/migration.sql', 'package.json', 'packages/db/package.json')
  await write('packages/db/dist/after-party.config.js', 'packages/web/after-party.config.ts')
  expect(await pathsOf('packages/db/dist/after-party.config.js')).toMatchObject({
    migrations: 'packages/db/dist/prisma/migrations',
  })
  expect(await pathsOf('packages/web/after-party.config.ts')).toMatchObject({
    migrations: 'packages/web/prisma/migrations',
  })
})

test('a compiled config without its tasks is refused: it would run nothing, without a word', async () => {
  await write('package.json', 'dist/after-party.config.js', 'prisma/after-party/.gitkeep')
  await expect(pathsOf('dist/after-party.config.js')).rejects.toMatchObject({
    code: 'config-invalid',
    why: expect.stringContaining('prisma/after-party'),
  })
})
