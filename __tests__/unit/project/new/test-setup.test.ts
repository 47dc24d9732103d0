import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { findTestSetup } from '../../../../src/project/new/test-setup.js'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'test-setup-'))
})

afterEach(() => rm(root, { recursive: true, force: true }))

/** What is found for a project with these files; for `config`, the file that is the config. */
async function setupOf(files: Record<string, string | object>, config = 'after-party.config.ts') {
  const all = { 'package.json': {}, [config]: 'export const client = () => new PrismaClient()', ...files }
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return findTestSetup(join(root, config))
}

test.each([
  ['vitest', { devDependencies: { vitest: '3', jest: '30' } }, { runner: 'vitest' }],
  ['Jest, whose functions are globals', { devDependencies: { jest: '30' } }, { runner: 'jest', jestGlobals: false }],
  ['Jest with @jest/globals', { dependencies: { jest: '30', '@jest/globals': '30' } }, { jestGlobals: true }],
  ["Node's own runner, where there is no other", {}, { runner: 'node' }],
])('the test is for %s', async (_, packageJson, expected) => {
  expect(await setupOf({ 'package.json': packageJson })).toMatchObject(expected)
})

test('the runner may be a dependency of the workspace', async () => {
  const files = {
    'package.json': { workspaces: ['*'], devDependencies: { vitest: '3' } },
    'db/package.json': { name: 'db' },
  }
  expect(await setupOf(files, 'db/after-party.config.ts')).toMatchObject({ runner: 'vitest' })
})

test.each([
  ['ESM', { 'package.json': { type: 'module' } }, 'after-party.config.ts', 'js'],
  [
    'a bundler',
    { 'package.json': { type: 'module' }, 'tsconfig.json': { compilerOptions: { moduleResolution: 'bundler' } } },
    'after-party.config.ts',
    'none',
  ],
  ['CommonJS', {}, 'after-party.config.ts', 'none'],
  ['JavaScript', { 'package.json': { type: 'module' } }, 'after-party.config.mjs', 'real'],
])('imports end as those of %s do', async (_, files, config, importStyle) => {
  expect(await setupOf(files, config)).toMatchObject({ importStyle })
})

test.each([
  ['export const client = () => new PrismaClient()', true, false],
  ['export async function client() {}', true, true],
  ['export const client = async () => new PrismaClient()', true, true],
  ['const client = make\nexport { other, client }', true, false],
  ['export { make as client, other }', true, false],
  ['export { client as other }', false, false],
  ['// export const client = 1\nconst client = () => new PrismaClient()', false, false],
  ['export default defineConfig({ client: async () => new PrismaClient() })', false, true],
  ['export const client = new PrismaClient()', false, false],
])('of the config %j it tells whether `client` is exported: %s', async (text, clientExported, clientAsync) => {
  expect(await setupOf({ 'after-party.config.ts': text })).toMatchObject({ clientExported, clientAsync })
})
