import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { isLeftover, newRunId } from './databases/names.mjs'
import { missingVariants, openServers } from './databases/servers.mjs'
import { baseProject, generated, prismaCli, projects, repository, runs, unpacked } from './paths.mjs'

/**
 * Makes, once for all tests, the package from its own tarball and a project that uses it. The tests copy that
 * project, so that each has its own files and its own database.
 */
export default async function setup() {
  process.env.AFTER_PARTY_TEST_RUN = newRunId()
  await Promise.all([projects, runs].map(removeLeftovers))
  await Promise.all([openServers(), unpack().then(makeBaseProject)])
  demandVariants()
}

/** Directories of runs that were killed. @param {string} directory */
async function removeLeftovers(directory) {
  await mkdir(directory, { recursive: true })
  const left = (await readdir(directory)).filter(isLeftover)
  await Promise.all(left.map((name) => rm(path.join(directory, name), { recursive: true, force: true })))
}

/** A continuous integration covers every database, or says so with a red cross. */
function demandVariants() {
  const missing = missingVariants()
  if ((process.env.CI || process.env.AFTER_PARTY_TEST_REQUIRE) && missing.length > 0)
    throw new Error(`Not every database can be tested here: ${missing.join('; ')}`)
}

async function unpack() {
  await rm(unpacked, { recursive: true, force: true })
  await mkdir(unpacked, { recursive: true })
  const { stdout } = await execa('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', generated], {
    cwd: repository,
  })
  const [{ filename }] = JSON.parse(stdout)
  await execa('tar', ['-xzf', path.join(generated, filename), '-C', unpacked, '--strip-components=1'])
}

async function makeBaseProject() {
  await rm(baseProject, { recursive: true, force: true })
  await mkdir(path.join(baseProject, 'node_modules'), { recursive: true })
  await cp(unpacked, path.join(baseProject, 'node_modules', 'after-party'), { recursive: true })
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(path.dirname(path.join(baseProject, file)), { recursive: true })
    await writeFile(path.join(baseProject, file), text)
  }
  const run = (/** @type {string[]} */ ...args) =>
    execa(process.execPath, args, { cwd: baseProject, env: schemaEngineEnv() })
  await run(path.join(baseProject, 'node_modules/after-party/dist/cli/bin.js'), 'init')
  await run(prismaCli, 'migrate', 'dev', '--name', 'init')
  await run(prismaCli, 'generate')
}

const FILES = {
  'package.json': JSON.stringify({
    name: 'team',
    private: true,
    type: 'module',
    dependencies: {
      '@prisma/client': '7',
      prisma: '7',
      '@prisma/adapter-libsql': '7',
      'after-party': '*',
      typescript: '*',
    },
  }),
  'prisma.config.ts': `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'file:./dev.db' },
})
`,
  'prisma/schema.prisma': `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "sqlite"
}

model Post {
  id    Int     @id @default(autoincrement())
  title String
  slug  String?
}
`,
  '.env': 'DATABASE_URL=file:./dev.db\n',
}
