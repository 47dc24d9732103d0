import { dirname } from 'node:path'
import { moduleSpecifier } from '../init/client-setup.js'
import { renderTemplate } from '../templates.js'
import type { BackfillText } from './backfill-text.js'
import type { TestSetup } from './test-setup.js'

/** A task whose test is written. Paths are absolute. */
export interface TestedTask {
  file: string
  name: string
  /** The model of a backfill, as the client has it. */
  model: string | undefined
  backfill: Pick<BackfillText, 'where' | 'verify'>
}

/**
 * The text of a task's test, which passes as it is where the backfill has no rows to do. Throws `template-invalid` as
 * `renderTemplate` does.
 */
export function testText(
  { file, name, model, backfill }: TestedTask,
  { runner, jestGlobals, importStyle, config, clientExported, clientAsync }: TestSetup,
  templates: { templatesDir?: string | undefined },
): string {
  const typescript = /\.[cm]?ts$/.test(file)
  const specifier = (path: string) => moduleSpecifier(dirname(file), path, importStyle)
  const { where, verify } = backfill
  const counts = model !== undefined && where !== ''
  return renderTemplate(
    'test',
    {
      name,
      title: `${name} ${counts ? 'leaves no row to do' : 'is done'}`,
      backfill: model !== undefined,
      model: model ?? '',
      where: counts ? where : '',
      verify,
      runner,
      node: runner === 'node',
      imports: importsOf(runner, jestGlobals, counts),
      config: specifier(config),
      task: specifier(file),
      clientExported,
      // The type of the config's own `client` has no models.
      registered: typescript && !clientExported,
      client: clientExported
        ? `${clientAsync ? 'await ' : ''}client()`
        : typescript
          ? '(await config.client()) as RegisteredClient'
          : 'await config.client()',
    },
    templates,
  )
}

function importsOf(runner: TestSetup['runner'], jestGlobals: boolean, counts: boolean): string[] {
  if (runner === 'vitest') return ["import { expect, test } from 'vitest'"]
  if (runner === 'jest') return jestGlobals ? ["import { expect, test } from '@jest/globals'"] : []
  return [
    `import { deepEqual${counts ? ', equal' : ''} } from 'node:assert/strict'`,
    "import { test } from 'node:test'",
  ]
}

/**
 * The command that runs one test file, as the project's runner is called.
 *
 * @example testCommand('node', 'prisma/after-party/20261122103000_x.test.ts') // 'node --import tsx --test prisma/…'
 */
export function testCommand(runner: TestSetup['runner'], file: string): string {
  if (runner === 'vitest') return `npx vitest run ${file}`
  if (runner === 'jest') return `npx jest ${file}`
  return `node ${/\.[cm]?ts$/.test(file) ? '--import tsx ' : ''}--test ${file}`
}
