import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { baseProject, generated, prismaCli, projects, repository, unpacked } from './paths.mjs'

/**
 * Makes, once for all tests, the package from its own tarball and a project that uses it. The tests copy that
 * project, so that each has its own files and its own database.
 */
export default async function setup() {
  await rm(projects, { recursive: true, force: true })
  await mkdir(projects, { recursive: true })
  await unpack()
  await makeBaseProject()
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
