import { shownPath } from '../../project/shown-path.js'
import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { stderr, stdout } from '../terminal.js'

export const newCommand = defineCommand({
  command: 'new <name>',
  describe: 'Write a task: a file of its own, with the time as its version',
  options: (yargs) =>
    yargs
      .positional('name', { type: 'string', demandOption: true, describe: 'What it does, as in backfill_slugs' })
      .option('config', { type: 'string', describe: 'The config file', requiresArg: true })
      .option('description', { type: 'string', describe: 'One sentence for status', requiresArg: true })
      .option('every-deploy', { type: 'boolean', default: false, describe: 'Run it at every deploy' })
      .option('backfill', { type: 'boolean', default: false, describe: 'Walk the rows of a model, in batches' })
      .option('model', { type: 'string', requiresArg: true, describe: 'The model that a backfill walks, as in Post' })
      .check(({ backfill, model, everyDeploy }) => {
        if (backfill !== (model !== undefined)) return 'A backfill walks a model: --backfill --model Post.'
        return !(backfill && everyDeploy) || 'A backfill ends, so it can’t run at every deploy.'
      }),
  run: async ({ name, description, everyDeploy, model, config }) => {
    const [{ newTask }, { findTaskPlacement }, { TsxLoader }] = await Promise.all([
      import('../../project/new/new-task.js'),
      import('../../project/new/task-placement.js'),
      import('../../project/loader.js'),
    ])
    const { unloaded, ...placement } = await findTaskPlacement(new TsxLoader(), process.cwd(), config)
    if (unloaded) stderr.line(`${stderr.style('yellow', '⚠')} ${unloaded.what} ${unloaded.why ?? ''}`)
    const { file } = await newTask({ name, description, everyDeploy, model, ...placement })
    stdout.line(shownPath(file))
    stderr.line('→ Write what it does, then `npx after-party run`.')
    return EXIT.done
  },
})
