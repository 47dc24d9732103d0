import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { isLeftover, newRunId } from './databases/names.mjs'
import { once } from './databases/once.mjs'
import { missingVariants, openServers } from './databases/servers.mjs'
import { baseProject, build, builds, prismaCli, projects, repository, runs, stacks, unpacked } from './paths.mjs'

const UNUSED_MS = 3 * 3_600_000

/**
 * Makes, once for all tests, the package from its own tarball and a project that uses it. The tests copy that
 * project, so that each has its own files and its own database.
 */
export default async function setup() {
  process.env.AFTER_PARTY_TEST_RUN = newRunId()
  await Promise.all([removeLeftovers(projects), removeLeftovers(runs), removeUnused(builds), removeUnused(stacks)])
  await Promise.all([openServers(), once(`${build}.made`, makeBuild)])
  demandVariants()
}

/** Directories of runs that were killed. @param {string} directory */
async function removeLeftovers(directory) {
  for (const name of await namesIn(directory))
    if (isLeftover(name)) await rm(path.join(directory, name), { recursive: true, force: true })
}

/** What no run has used for hours: it was made of files that have changed since. @param {string} directory */
async function removeUnused(directory) {
  for (const name of await namesIn(directory)) {
    const marker = path.join(directory, name.replace(/(\.made(\.lock)?)?$/, '.made'))
    const used = await stat(marker).catch(() => stat(path.join(directory, name)).catch(() => undefined))
    // A marker is gone with the directory that it is of, which comes before it.
    if (!used || Date.now() - used.mtimeMs < UNUSED_MS) continue
    // The marker goes first: without it, the rest counts as not made.
    await rm(marker, { force: true })
    await rm(path.join(directory, name), { recursive: true, force: true })
  }
}

/** @param {string} directory */
async function namesIn(directory) {
  await mkdir(directory, { recursive: true })
  return readdir(directory)
}

/** A continuous integration covers every database, or says so with a red cross. */
function demandVariants() {
  const missing = missingVariants()
  if ((process.env.CI || process.env.AFTER_PARTY_TEST_REQUIRE) && missing.length > 0)
    throw new Error(`Not every database can be tested here: ${missing.join('; ')}`)
}

async function makeBuild() {
  await rm(build, { recursive: true, force: true })
  await unpack()
  await makeBaseProject()
}

async function unpack() {
  await mkdir(unpacked, { recursive: true })
  const { stdout } = await execa('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', build], {
    cwd: repository,
  })
  const [{ filename }] = JSON.parse(stdout)
  await execa('tar', ['-xzf', path.join(build, filename), '-C', unpacked, '--strip-components=1'])
}

async function makeBaseProject() {
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
