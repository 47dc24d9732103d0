import { defineCommand } from '../command.js'
import { deployIdOf } from '../deploy-id.js'
import { duration, lease, project } from '../options.js'

export const deployCommand = defineCommand({
  command: 'deploy',
  describe: 'Apply pending migrations and run pending tasks, in the order that gates demand',
  examples: [
    ['deploy', 'In place of prisma migrate deploy && after-party run'],
    ['deploy --dry-run', 'Print the migrations, gates and tasks, in order'],
  ],
  options: (yargs) =>
    project(yargs)
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Print what would be applied and run, in order, without doing it',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON object' })
      .option('prisma-config', { type: 'string', requiresArg: true, describe: 'Passed to Prisma as --config' })
      .option('schema', { type: 'string', requiresArg: true, describe: 'Passed to Prisma as --schema' })
      .option('deploy-id', {
        type: 'string',
        requiresArg: true,
        describe: 'ID of this deploy: everyDeploy tasks run once per ID',
      })
      .option('expect-database', {
        type: 'string',
        requiresArg: true,
        describe: 'Deploy only to the database with this name; exit with code 2 in another',
      })
      .option('lease', lease('How long a claim is valid without a heartbeat (60s)'))
      .option('lock-timeout', duration('How long to wait for migrations or a task that another deploy holds (10m)'))
      .option('grace', duration('How long a task may take to finish after a signal (25s)')),
  run: async ({ deployId, ...args }) => {
    const { deployProject, planProject } = await import('../deploy-project.js')
    const given = { ...args, deployId: deployIdOf(deployId, process.env) }
    return args.dryRun ? planProject(given) : deployProject(given)
  },
})
