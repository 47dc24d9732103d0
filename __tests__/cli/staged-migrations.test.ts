import { existsSync } from 'node:fs'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { type PrismaSetup, stageMigrations } from '../../src/deploy/staged-migrations.js'
import { repository } from '../support/paths.mjs'
import { Project } from '../support/project.js'

/** Prisma, in both versions, must read the config of staged migrations as the project's own, but for the migrations. */

const SCHEMA = 'datasource db {\n  provider = "sqlite"\n}\n'
const MIGRATIONS = {
  'prisma/migrations/migration_lock.toml': 'provider = "sqlite"\n',
  'prisma/migrations/1_a/migration.sql': 'SELECT 1;\n',
  'prisma/migrations/2_b/migration.sql': 'SELECT 2;\n',
}
const configFor = (more: string) =>
  `import { defineConfig } from 'prisma/config'\nexport default defineConfig({ ${more} })\n`
const URL_HERE = `datasource: { url: 'file:./dev.db?timeout=5' }`

interface Read {
  schema: string
  migrations: string
  url: string | undefined
}

/** What Prisma's own loader reads. */
async function readConfig(prisma: 'prisma' | 'prisma-6', file: string, cwd: string): Promise<Read> {
  const loader = createRequire(path.join(repository, 'node_modules', prisma, 'package.json')).resolve('@prisma/config')
  const script = `require(${JSON.stringify(loader)}).loadConfigFromFile({ configFile: ${JSON.stringify(file)} }).then(
    ({ config, error }) => console.log(JSON.stringify(error ? { error: String(error.error) } : {
      schema: config.schema, migrations: config.migrations.path, url: config.datasource?.url ?? process.env.DATABASE_URL })))`
  const { stdout } = await execa(process.execPath, ['-e', script], { cwd, env: { DATABASE_URL: undefined } })
  return JSON.parse(stdout.split('\n').at(-1) ?? '')
}

describe('staged migrations', () => {
  let project: Project
  afterEach(() => project.remove())

  test.each<[string, Record<string, string>, Partial<PrismaSetup>, { schema: string; url: string | undefined }]>([
    [
      'a config at the root',
      { 'prisma.config.ts': configFor(`schema: 'prisma/schema.prisma', ${URL_HERE}`) },
      {},
      { schema: 'prisma/schema.prisma', url: 'dev.db?timeout=5' },
    ],
    [
      'a config in .config, with a schema folder',
      {
        '.config/prisma.ts': configFor(`schema: '../prisma/models', ${URL_HERE}`),
        'prisma/models/a.prisma': SCHEMA,
      },
      {},
      { schema: 'prisma/models', url: 'dev.db?timeout=5' },
    ],
    [
      'a config that names no schema, and CommonJS',
      { 'prisma.config.js': `module.exports = { ${URL_HERE} }\n`, 'package.json': '{ "name": "team" }' },
      {},
      { schema: 'prisma/schema.prisma', url: 'dev.db?timeout=5' },
    ],
    [
      'a config that is passed, whose folder a SQLite file is relative to',
      { 'db/my.config.ts': configFor(`schema: '../prisma/schema.prisma', ${URL_HERE}`) },
      { config: 'db/my.config.ts' },
      { schema: 'prisma/schema.prisma', url: 'db/dev.db?timeout=5' },
    ],
  ])('with %s', async (_, files, setup, { schema, url }) => {
    project = await Project.bare({
      'package.json': '{ "name": "team", "type": "module" }',
      'prisma/schema.prisma': SCHEMA,
      ...MIGRATIONS,
      ...files,
    })
    const cwd = await realpath(project.directory)
    const staged = await stageMigrations(path.join(cwd, 'prisma/migrations'), ['1_a'], { cwd, env: {}, ...setup })
    const folder = path.join(path.dirname(staged.config), 'migrations')
    expect(await readConfig('prisma', staged.config, cwd)).toEqual({
      schema: path.join(cwd, schema),
      migrations: folder,
      url: `file:${path.join(cwd, url ?? '')}`,
    })
    expect((await readdir(folder)).sort()).toEqual(['1_a', 'migration_lock.toml'])
    expect(await readFile(path.join(folder, '1_a/migration.sql'), 'utf8')).toBe('SELECT 1;\n')
    await staged.remove()
    expect(existsSync(staged.config)).toBe(false)
  })

  test.each([
    [
      'package.json',
      {
        'package.json':
          '{ "name": "team", "dependencies": { "prisma": "^6.19.0" }, "prisma": { "schema": "db/schema.prisma" } }',
      },
    ],
    [
      'its place',
      { 'package.json': '{ "name": "team", "dependencies": { "prisma": "^6.19.0" } }', 'prisma/schema.prisma': SCHEMA },
    ],
  ])('with Prisma 6 without a config, and the schema known from %s', async (_, files) => {
    const folder = 'prisma/schema.prisma' in files ? 'prisma' : 'db'
    project = await Project.bare({
      [`${folder}/schema.prisma`]: SCHEMA,
      [`${folder}/.env`]: 'DATABASE_URL=file:./from-env.db\n',
      ...MIGRATIONS,
      ...files,
    })
    const cwd = await realpath(project.directory)
    const staged = await stageMigrations(path.join(cwd, 'prisma/migrations'), ['1_a', '2_b'], { cwd, env: {} })
    expect(await readConfig('prisma-6', staged.config, cwd)).toEqual({
      schema: path.join(cwd, folder, 'schema.prisma'),
      migrations: path.join(path.dirname(staged.config), 'migrations'),
      url: 'file:./from-env.db',
    })
    await staged.remove()
  })
})
