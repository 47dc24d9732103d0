import yargs, { type Argv, type CommandModule } from 'yargs'
import { AfterPartyError } from '../define/errors.js'
import { VERSION } from '../define/version.js'
import { checkCommand } from './commands/check.js'
import { deployCommand } from './commands/deploy.js'
import { doctorCommand } from './commands/doctor.js'
import { historyCommand } from './commands/history.js'
import { initCommand } from './commands/init.js'
import { markCommand } from './commands/mark.js'
import { newCommand } from './commands/new.js'
import { cancelCommand, pauseCommand, resumeCommand } from './commands/requests.js'
import { runCommand } from './commands/run.js'
import { statusCommand } from './commands/status.js'
import { waitCommand } from './commands/wait.js'
import { workCommand } from './commands/work.js'
import { docsPage, ownPackage } from './own-package.js'
import { reportError } from './report-error.js'
import { refuseFlagValues, refuseTwice, usageError } from './usage-error.js'

/** Every command, in the order in which `--help` lists them. */
export const COMMANDS = [
  initCommand,
  newCommand,
  runCommand,
  deployCommand,
  checkCommand,
  statusCommand,
  workCommand,
  pauseCommand,
  resumeCommand,
  cancelCommand,
  waitCommand,
  markCommand,
  historyCommand,
  doctorCommand,
]
const COMMAND_WORDS = [...COMMANDS.flatMap(({ command }) => String(command).split(' ')[0] ?? []), 'completion']

/** Runs one invocation: the arguments after the program's name. Sets `process.exitCode`; never throws. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await parser(asked(args)).parseAsync()
  } catch (error) {
    process.exitCode = reportError(error, { json: args.includes('--json'), verbose: args.includes('--verbose') })
  }
}

/** `help run` as `run --help`. */
function asked(args: readonly string[]): readonly string[] {
  const [word, ...rest] = args
  return word === 'help' ? [...rest, '--help'] : args
}

/** The command line, ready to parse one invocation. */
export function parser(args: readonly string[], commands: readonly CommandModule[] = COMMANDS): Argv {
  const cli: Argv = yargs([...args])
    .scriptName('after-party')
    .usage('$0 <command>\n\nDeploy tasks for Prisma: prisma migrate deploy && after-party run')
    .epilogue(
      `Exit codes: 0 done, 1 a task failed, 2 nothing ran (see the error), 3 held by another run, 4 pending (status --check, gates)\n\nDocs: ${docsPage(ownPackage(), 'commands.md')}`,
    )
    .completion('completion', 'Print a script for tab completion in bash or zsh')
    .strict()
    .demandCommand(1, `Missing command. Use one of: ${COMMAND_WORDS.join(', ')}.`)
    .version(VERSION)
    .alias('h', 'help')
    .alias('v', 'version')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .middleware(
      ((_: object, command: unknown) => {
        refuseFlagValues(args, words(command, 'boolean'))
        const repeatable = words(command, 'array')
        refuseTwice(
          args,
          words(command, 'string').filter((option) => !repeatable.includes(option)),
        )
      }) as (args: object) => void,
      true,
    )
    .fail((message: string | null, error: unknown) => {
      // Without a message it was thrown by a handler; with one, yargs found it in the invocation.
      if (message === null || error instanceof AfterPartyError) throw error
      throw usageError(message, args, { commands: COMMAND_WORDS, options: words(cli, 'key') })
    })
  for (const command of commands) cli.command(command)
  return cli
}

/** The options that yargs knows where it stands, by its own lists, which its types do not tell. */
function words(command: unknown, list: 'boolean' | 'string' | 'array' | 'key'): string[] {
  const { getOptions } = command as {
    getOptions?(): { boolean: string[]; string: string[]; array: string[]; key: Record<string, unknown> }
  }
  const options = getOptions?.call(command)
  return options ? (list === 'key' ? Object.keys(options.key) : options[list]) : []
}
