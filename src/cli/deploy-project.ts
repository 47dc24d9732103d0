import { type Duration, toMs } from '../define/duration.js'
import { checkError } from '../deploy/check.js'
import { deploy } from '../deploy/deploy.js'
import { olderDatabase } from '../deploy/older-database.js'
import type { Migrations } from '../deploy/pending-migrations.js'
import { migrate } from '../deploy/prisma-migrate.js'
import type { PrismaSetup } from '../deploy/staged-migrations.js'
import { shownPath } from '../project/shown-path.js'
import { EXIT, exitCodeOf } from './exit-codes.js'
import { DeployReport, printDeployPlan } from './reporters/deploy.js'
import { printJson } from './reporters/json.js'
import { reportText } from './reporters/text.js'
import { untilSignal } from './signals.js'
import { type OpenProject, type ProjectArgs, usingProject } from './using-party.js'

/** The options of `deploy`. */
interface DeployArgs extends ProjectArgs {
  json: boolean
  verbose: boolean
  prismaConfig?: string | undefined
  schema?: string | undefined
  deployId?: string | undefined
  expectDatabase?: string | undefined
  lease?: Duration | undefined
  lockTimeout?: Duration | undefined
  grace?: Duration | undefined
}

/** Prints what a deploy would do. */
export function planProject(
  args: ProjectArgs & Pick<DeployArgs, 'json' | 'deployId' | 'expectDatabase'>,
): Promise<number> {
  return usingProject(args, async (project) => {
    const { segments } = await demandRight(project, args)
    printDeployPlan(segments ?? [], args)
    return EXIT.done
  })
}

/** Deploys: the migrations by the project's own Prisma, the tasks by After Party. */
export async function deployProject(args: DeployArgs): Promise<number> {
  // The config may change the environment; Prisma gets the one that it would get by itself.
  const setup: PrismaSetup = { cwd: '', config: args.prismaConfig, schema: args.schema, env: { ...process.env } }
  return usingProject(args, (project) =>
    untilSignal(async (signal, received) => {
      await demandRight(project, args)
      const report = new DeployReport()
      let seen: Migrations | undefined
      // Prisma's output is for people: stdout is one JSON object, or empty.
      const output = { write: (text: string) => process.stderr.write(text), colors: process.stderr.isTTY === true }
      const { lease, lockTimeout, grace, deployId, expectDatabase, verbose } = args
      const result = await deploy({
        signal,
        lockTimeoutMs: toMs(lockTimeout ?? project.config.lockTimeout ?? '10m'),
        emit: (news) => report.hear(news),
        look: async () => {
          seen = await project.open((party) => party.migrations())
          return seen
        },
        migrate: (names) => migrate(names, project.config.migrations, { ...setup, cwd: process.cwd() }, output),
        run: ({ upTo, awaited, fresh }) =>
          project.open((party) =>
            party.run({
              upTo,
              awaited,
              fresh,
              ...{ lease, lockTimeout, grace, deployId, expectDatabase, signal, crashed: project.crashed },
              // Between two segments, migrations are pending on purpose.
              skipMigrationCheck: upTo !== undefined,
              onEvent: reportText({ verbose, command: 'deploy' }),
            }),
          ),
      })
      report.ended(result, await olderDatabase(result, seen, project.config.migrations))
      if (args.json) printJson('deploy', { ...result, ...(deployId !== undefined && { deployId }) })
      if (result.outcome === 'gated') return EXIT.pending
      return result.outcome === 'interrupted' ? (received() ?? EXIT.sigterm) : exitCodeOf(result.outcome)
    }),
  )
}

/** Nothing is applied where the tasks or the gates have faults: half a deploy would be worse than none. */
async function demandRight(
  { open, config }: OpenProject,
  { deployId, expectDatabase }: Pick<DeployArgs, 'deployId' | 'expectDatabase'>,
) {
  const result = await open((party) => party.check({ deployId, expectDatabase }))
  if (result.faults.length > 0) throw checkError(result.faults, shownPath(config.tasks))
  return result
}
