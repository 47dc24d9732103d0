import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { generated, prismaCli, repository } from '../support/paths.mjs'

const here = path.join(repository, '__tests__', 'types')
const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
const prisma6Cli = path.join(repository, 'node_modules', 'prisma-6', 'build', 'index.js')

beforeAll(async () => {
  await Promise.all([
    generateClient('prisma-7', prismaCli, ''),
    generateClient('prisma-6', prisma6Cli, '\n  url = "postgres://nowhere"'),
  ])
})

describe('tasks and backfills have the types of', () => {
  it.each([
    ['a Prisma 7 client', 'plain/tsconfig.json'],
    [
      'a Prisma 7 client, by the module resolution of Node, with exact optional properties',
      'plain/tsconfig.nodenext.json',
    ],
    ['a Prisma 6 client', 'plain/tsconfig.prisma-6.json'],
    ['an extended Prisma 7 client', 'extended/tsconfig.json'],
    ['an extended Prisma 6 client', 'extended/tsconfig.prisma-6.json'],
    ['no client, and are not `any`, when none is registered', 'unregistered/tsconfig.json'],
  ])('%s', async (_, project) => {
    const { stdout } = await execa(process.execPath, [tsc, '-p', path.join(here, project)], { reject: false })
    expect(stdout).toBe('')
  })
})

async function generateClient(name: string, cli: string, url: string): Promise<void> {
  const directory = path.join(generated, 'types', name)
  await mkdir(directory, { recursive: true })
  const models = await readFile(path.join(here, 'schema.prisma'), 'utf8')
  await writeFile(
    path.join(directory, 'schema.prisma'),
    `generator client {
  provider            = "prisma-client"
  output              = "client"
  engineType          = "client"
  moduleFormat        = "esm"
  importFileExtension = "js"
}

datasource db {
  provider = "postgresql"${url}
}

${models}`,
  )
  await execa(process.execPath, [cli, 'generate'], { cwd: directory, env: schemaEngineEnv() })
}
