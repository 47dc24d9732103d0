import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { asLoadError } from '../../../src/project/load-error.js'
import { hasOwnLoader } from '../../../src/project/loader.js'

test.each([
  ['--import @swc-node/register/esm-register', true],
  ['--import=tsx', true],
  ['-r ts-node/register', true],
  ['--experimental-loader ./node_modules/ts-node/esm.mjs', true],
  ['--import ./instrument.mjs', false],
  ['--max-old-space-size=4096', false],
  ['', false],
])('node %s: a loader of the user’s own is %p', (given, expected) => {
  expect(hasOwnLoader(given)).toBe(expected)
})

/** Loading itself is tested through the built binary (`__tests__/cli/modules.test.ts`): tsx can't register in Jest. */
describe('what an import threw', () => {
  let folder: string
  const here = (file: string) => path.relative(process.cwd(), path.join(folder, file)).split(path.sep).join('/')
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'after-party-load-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const thrown = (message: string, stack: string, Kind = Error) => Object.assign(new Kind(message), { stack })

  test('of esbuild is told without its frame, with the place', async () => {
    const error = new Error(
      `Transform failed with 2 errors:\n${folder}/a.ts:4:0: ERROR: Expected ")"\n${folder}/a.ts:5:0: ERROR: x`,
    )
    expect((await asLoadError(error, 'a.ts')).message).toBe(`Expected ")" (${here('a.ts')}:4)`)
  })

  test('is told with the first frame of the team’s own', async () => {
    const stack = `TypeError: no\n    at x (node:internal/x:1:1)\n    at y (/app/node_modules/y/i.js:2:2)\n    at file://${folder}/b.mjs:3:1`
    expect((await asLoadError(thrown('no', stack), 'b.mjs')).message).toBe(`no (${here('b.mjs')}:3)`)
  })

  test('is told with a frame of a folder whose name has parentheses and spaces', async () => {
    const file = path.join(folder, '(jobs) of ours', 'bad.ts')
    for (const frame of [
      `at ${file}:3:1`,
      `at run (${file}:3:1)`,
      `at async file://${file.replaceAll(' ', '%20')}:3:1`,
    ])
      expect((await asLoadError(thrown('no', `Error: no\n    ${frame}`), 'b.mjs')).message).toBe(
        `no (${here('(jobs) of ours/bad.ts')}:3)`,
      )
  })

  test('with the place in its first line is told with that', async () => {
    const stack = `${folder}/c.cjs:7\n  )\n  ^\n\nSyntaxError: no\n    at wrapSafe (node:internal/x:1:1)`
    expect((await asLoadError(thrown('no', stack, SyntaxError), 'c.cjs')).message).toBe(`no (${here('c.cjs')}:7)`)
  })

  test('a syntax error of an ES module, which does not know its place, is told with it all the same', async () => {
    const file = path.join(folder, 'd.mjs')
    await writeFile(file, '\n\nexport default )\n')
    const stack = 'SyntaxError: no\n    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)'
    expect((await asLoadError(thrown('no', stack, SyntaxError), file)).message).toBe(`no (${here('d.mjs')}:3)`)
  })

  test('keeps the code, and shows paths from here', async () => {
    const missing = Object.assign(new Error(`Cannot find module '${process.cwd()}${path.sep}x.js'`), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    missing.stack = ''
    expect(await asLoadError(missing, 'e.ts')).toMatchObject({
      code: 'ERR_MODULE_NOT_FOUND',
      message: `Cannot find module 'x.js'`,
    })
  })

  test('need not be an error', async () => {
    expect((await asLoadError('just a text', 'f.ts')).message).toBe('just a text')
    expect((await asLoadError(undefined, 'f.ts')).message).toBe('undefined')
  })
})
