import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DEFAULT_MIGRATIONS, DEFAULT_TASKS } from '../../define/config.js'
import { AfterPartyError } from '../../define/errors.js'
import { findConfigFile } from '../config-file.js'
import type { PrismaProject } from '../prisma-project.js'
import type { Provider } from '../schema/column-types.js'
import { withoutJsComments } from '../schema/prisma-config.js'
import { kindOf } from '../schema/schema-location.js'
import { shownPath } from '../shown-path.js'
import { type ClientSetup, findClientSetup } from './client-setup.js'
import { configText, needsOwnLedger } from './config-text.js'
import { type PlannedFile, planned } from './planned-file.js'
import { planTypeChecks } from './type-checks.js'

/** The config that init writes, what type-checks it, and what was decided. */
export interface ConfigPlan {
  files: PlannedFile[]
  /** The tasks directory, absolute. */
  tasks: string
  setup: ClientSetup | undefined
  notes: string[]
  warnings: string[]
}

/** Plans the config, unless there is one, and what keeps the project's build as it is. */
export async function planConfig(
  project: PrismaProject,
  provider: Provider,
  { cwd, config: wanted, env }: { cwd: string; config?: string | undefined; env: NodeJS.ProcessEnv },
): Promise<ConfigPlan> {
  const { root, migrations, dependencies } = project
  const named = wanted === undefined ? undefined : configNamed(wanted, cwd)
  const present = named === undefined ? findConfigFile(root) : existsSync(named) ? named : undefined
  if (present !== undefined) {
    const tasks = tasksIn(await readFile(present, 'utf8'))
    const notes = [`${shownPath(present, root)} already exists and was not changed`]
    return { files: [], tasks: join(dirname(present), tasks), setup: undefined, notes, warnings: [] }
  }
  const configFolder = named === undefined ? root : dirname(named)
  const setup = await findClientSetup(project, provider, { env, configFolder })
  // JavaScript can't import a module of TypeScript: tsx is registered for a config that is TypeScript.
  const typescript = named ? TYPESCRIPT.test(named) : project.typescript || TYPESCRIPT.test(setup.existing?.path ?? '')
  const migrationsPath = shownPath(migrations, configFolder)
  const text = configText({
    setup,
    tasks: shownPath(join(root, DEFAULT_TASKS), configFolder),
    migrations: migrationsPath === DEFAULT_MIGRATIONS ? undefined : migrationsPath,
    dotenv: dependencies.has('dotenv') || /['"]dotenv\/config['"]/.test(withoutJsComments(project.configText)),
    env: project.prismaMajor >= 7 && (await kindOf(join(root, '.env'))) === 'file',
    typescript,
  })
  const file = named ?? join(root, typescript ? 'after-party.config.ts' : 'after-party.config.mjs')
  const name = shownPath(file, root)
  const unclear: string[] = []
  const notes = setup.existing
    ? [`The config uses ${setup.existing.name} from ${shownPath(setup.existing.path, root)}`]
    : []
  const tellsUrl = (!setup.existing || needsOwnLedger(setup.existing)) && setup.adapter && 'url' in setup.adapter.inputs
  const { env: variable, otherEnv, literal, unsure } = setup.url
  if (tellsUrl && !literal)
    notes.push(`The config reads the connection URL from ${[variable, otherEnv].filter(Boolean).join(' or ')}`)
  if (tellsUrl && setup.existing?.isAccelerated)
    unclear.push(
      `${setup.existing.name} connects through Prisma Accelerate. The ledger connects directly, so check that ${literal ? 'its URL' : variable} is a direct URL`,
    )
  if (tellsUrl && unsure)
    unclear.push(`Your Prisma config chooses between several URLs. Check that ${name} uses the right one`)
  if (setup.passedOver)
    unclear.push(
      `${shownPath(setup.passedOver, root)} creates a client, but After Party can't import it: it needs a framework or arguments. ${name} creates a separate client, without the extensions of that one`,
    )
  const [path, tasks] = [file, join(root, DEFAULT_TASKS)]
  const checks = typescript ? await planTypeChecks(project.scripts, { root, config: path, tasks }) : undefined
  const { excluded = [], own, warnings = [] } = checks ?? {}
  return {
    files: [
      planned(root, path, undefined, [{ at: 0, text }]),
      ...excluded.map(({ path, text, insertion }) => planned(root, path, text, [insertion])),
      ...(own ? [planned(root, own.path, undefined, [{ at: 0, text: own.text }])] : []),
    ],
    tasks,
    setup,
    notes: [...notes, ...(checks?.notes ?? [])],
    warnings: [...unclear.map((text) => `${text}.`), ...warnings],
  }
}

const TYPESCRIPT = /\.[cm]?ts$/

function configNamed(wanted: string, cwd: string): string {
  if (/\.[cm]?[jt]s$/.test(wanted) && !/\.d\.[cm]?ts$/.test(wanted)) return resolve(cwd, wanted)
  throw new AfterPartyError('usage', {
    what: `${wanted} can't be a config: it is neither TypeScript nor JavaScript.`,
    next: 'Pass a file such as `--config config/after-party.config.ts`.',
  })
}

/** The `tasks` of a config that is there already, when it is written in plain words. */
function tasksIn(text: string): string {
  return /\btasks\s*:\s*['"`]([^'"`$]+)['"`]/.exec(withoutJsComments(text))?.[1] ?? DEFAULT_TASKS
}
