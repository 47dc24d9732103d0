import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { checkVersions } from '../../../src/cli/doctor/project-checks.js'
import type { PrismaProject } from '../../../src/project/prisma-project.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'doctor-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function versionsIn(installed: Record<string, string>) {
  for (const [name, version] of Object.entries(installed)) {
    await mkdir(join(root, 'node_modules', name), { recursive: true })
    await writeFile(join(root, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }))
  }
  await writeFile(join(root, 'package.json'), '{}')
  const dependencies = new Set(Object.keys(installed))
  return checkVersions({ root, dependencies, packageManager: 'pnpm' } as unknown as PrismaProject)
}

test("Prisma's packages of one version are right", async () => {
  const all = { prisma: '7.10.0', '@prisma/client': '7.10.0', '@prisma/adapter-pg': '7.10.0' }
  expect(await versionsIn(all)).toMatchObject({ state: 'ok', what: expect.stringContaining('Prisma 7.10.0') })
})

test('those that differ from the client are named, with what installs the right ones', async () => {
  const some = { prisma: '7.9.0', '@prisma/client': '7.10.0', '@prisma/adapter-pg': '7.8.0' }
  expect(await versionsIn(some)).toMatchObject({
    state: 'warning',
    next: 'Run `pnpm add prisma@7.10.0 @prisma/adapter-pg@7.10.0`.',
  })
})

test('a client that is not installed is a problem', async () => {
  expect(await versionsIn({ prisma: '7.10.0' })).toMatchObject({
    state: 'problem',
    next: 'Run `pnpm add @prisma/client`.',
  })
})
