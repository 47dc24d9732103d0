import type { BackfillText } from '../../project/new/backfill-text.js'
import type { TestRunner, TestSetup } from '../../project/new/test-setup.js'
import { shownPath } from '../../project/shown-path.js'
import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { asCalled } from '../runner.js'
import { stderr, stdout } from '../terminal.js'

export const newCommand = defineCommand({
  command: 'new <name>',
  describe: 'Create a task file, with the current time as its version',
  examples: [
    ['new name_blank_posts', 'A task'],
    ['new backfill_slugs --backfill --model Post --set slug', 'A backfill of a field, written from the schema'],
    ['new backfill_slugs --backfill --model Post --set slug --test', 'The same, with a test beside it'],
    ['new refresh_figures --every-deploy', 'A task for every deploy'],
  ],
  options: (yargs) =>
    yargs
      .positional('name', { type: 'string', demandOption: true, describe: 'Name of the task, such as backfill_slugs' })
      .option('config', { type: 'string', describe: 'Path to the config file', requiresArg: true })
      .option('description', { type: 'string', describe: 'One sentence that status shows', requiresArg: true })
      .option('every-deploy', { type: 'boolean', default: false, describe: 'Run the task at every deploy' })
      .option('backfill', {
        type: 'boolean',
        default: false,
        describe: 'Create a backfill of the rows of a model, in batches',
      })
      .option('model', { type: 'string', requiresArg: true, describe: 'Model of the backfill, such as Post' })
      .option('set', {
        type: 'string',
        requiresArg: true,
        describe: 'Fields of the model that the backfill sets, such as slug or slug,locale',
      })
      .option('test', { type: 'boolean', default: false, describe: 'Create a test beside the task, which passes' })
      .check(({ backfill, model, everyDeploy, set }) => {
        if (set !== undefined && model === undefined) return '--set needs a model: pass --backfill --model <Model>.'
        if (backfill !== (model !== undefined))
          return 'A backfill needs a model: pass --backfill and --model <Model> together.'
        return (
          !(backfill && everyDeploy) ||
          "A backfill can't run at every deploy: pass either --backfill or --every-deploy."
        )
      }),
  run: async ({ name, description, everyDeploy, model, set, test, config }) => {
    const backfill = model === undefined ? undefined : await lookUp(model, set)
    const [{ newTask }, { findTaskPlacement }, { TsxLoader }] = await Promise.all([
      import('../../project/new/new-task.js'),
      import('../../project/new/task-placement.js'),
      import('../../project/loader.js'),
    ])
    const { unloaded, ...placement } = await findTaskPlacement(new TsxLoader(), process.cwd(), config)
    if (unloaded) stderr.line(`${stderr.style('yellow', '⚠')} ${unloaded.what} ${unloaded.why ?? ''}`)
    const setup = test ? await testSetup(placement.config) : undefined
    const made = await newTask({ name, description, everyDeploy, model, backfill, test: setup, ...placement })
    stdout.line(shownPath(made.file))
    if (setup && made.test !== undefined) await sayTest(setup.runner, made.test)
    else stderr.line(asCalled('→ Write the code of the task, then run `npx after-party run`.'))
    return EXIT.done
  },
})

async function testSetup(config: string): Promise<TestSetup> {
  const { findTestSetup } = await import('../../project/new/test-setup.js')
  return findTestSetup(config)
}

async function sayTest(runner: TestRunner, file: string): Promise<void> {
  const { testCommand } = await import('../../project/new/test-text.js')
  stdout.line(shownPath(file))
  stderr.line(
    asCalled(`→ Write the code of the task and its test, then run \`${testCommand(runner, shownPath(file))}\`.`),
  )
}

async function lookUp(model: string, set: string | undefined): Promise<BackfillText> {
  const { findBackfill } = await import('../../project/new/backfill-model.js')
  const fields = set?.split(',').flatMap((field) => field.trim() || [])
  return findBackfill({ model, set: [...new Set(fields)] }, { cwd: process.cwd(), env: process.env })
}
