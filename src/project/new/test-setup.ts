import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packageRootOf } from '../compiled-config.js'
import { type ImportStyle, importStyleOf, readPackageJson } from '../prisma-project.js'
import { withoutJsComments } from '../schema/prisma-config.js'
import { workspaceRootOf } from '../workspace.js'

/** What runs a project's tests. */
export type TestRunner = 'vitest' | 'jest' | 'node'

/** What the test of a task is fitted to. */
export interface TestSetup {
  runner: TestRunner
  /** `@jest/globals` is a dependency. Otherwise Jest's functions are globals. */
  jestGlobals: boolean
  importStyle: ImportStyle
  /** The config file, absolute. */
  config: string
  /** The config exports the factory of its client as `client`, besides its default export. */
  clientExported: boolean
  /** `client` returns a promise. */
  clientAsync: boolean
}

/** Finds out how the tests of a project look: by what its package.json names, or that of its workspace. */
export async function findTestSetup(config: string): Promise<TestSetup> {
  const root = packageRootOf(config) ?? dirname(config)
  const own = await readPackageJson(root)
  const workspace = workspaceRootOf(root)
  const shared = workspace === undefined ? undefined : await readPackageJson(workspace).catch(() => undefined)
  const has = (name: string) => own.dependencies.has(name) || shared?.dependencies.has(name) === true
  return {
    runner: has('vitest') ? 'vitest' : has('jest') ? 'jest' : 'node',
    jestGlobals: has('@jest/globals'),
    importStyle: /\.[cm]?ts$/.test(config) ? await importStyleOf(join(root, 'tsconfig.json'), own.esm) : 'real',
    config,
    ...clientIn(await readFile(config, 'utf8')),
  }
}

/** How a config has its client, as far as its text tells. */
function clientIn(text: string): Pick<TestSetup, 'clientExported' | 'clientAsync'> {
  const code = withoutJsComments(text)
  const declared = /\bexport\s+(?:const|let|var|(?:async\s+)?function)\s+client\b/
  const listed = /\bexport\s*\{(?:[^}]*,)?\s*(?:\w+\s+as\s+)?client\s*(?:,[^}]*)?\}/
  return {
    // One that makes no clients, but is one, can't be called.
    clientExported: (declared.test(code) || listed.test(code)) && !/\bclient\s*=\s*new\b/.test(code),
    clientAsync: /\bclient\s*[:=]\s*async\b|\basync\s+(?:function\s+)?client\b/.test(code),
  }
}
