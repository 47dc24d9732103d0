import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { applyInit } from '../../src/project/init/apply-init.js'
import { type InitOptions, type InitPlan, planInit } from '../../src/project/init/plan-init.js'
import type { PlannedFile } from '../../src/project/init/planned-file.js'

/** A folder, new for each test of a file, and what `init` plans in it. */
export function initFolder() {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'init-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))
  return {
    path: (name = '') => join(root, name),
    names: () => readdir(root),
    read: (name: string) => readFile(join(root, name), 'utf8'),
    async write(files: Record<string, string | object>) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(root, name)), { recursive: true })
        await writeFile(join(root, name), typeof content === 'string' ? content : JSON.stringify(content))
      }
    },
    plan: (options: Partial<InitOptions> = {}) => planInit({ cwd: root, env: {}, ...options }),
  }
}

/** Prisma 7, ESM, TypeScript, with what a test needs beside it. */
export function packageJson(dependencies: string[] = [], more: object = {}) {
  const all = ['prisma', '@prisma/client', 'typescript', 'after-party', ...dependencies]
  const versions = all.map((name) => [name, /prisma/.test(name) ? '^7.0.0' : '1'])
  return { type: 'module', dependencies: Object.fromEntries(versions), ...more }
}

export function schema(provider: string, generator = 'provider = "prisma-client"\n  output   = "../generated/prisma"') {
  return `generator client {\n  ${generator}\n}\n\ndatasource db {\n  provider = "${provider}"\n}\n\nmodel Post {\n  id Int @id\n}\n`
}

export const fileOf = (found: InitPlan, name: string) => found.files.find((file) => file.name === name)
export const addedTo = (file: PlannedFile | undefined) => file?.insertions.map(({ text }) => text).join('')
export const configOf = (found: InitPlan) =>
  addedTo(found.files.find((file) => file.name.startsWith('after-party.config')))
export const apply = (found: InitPlan) => applyInit(found, { env: {} })
