import yargs from 'yargs'
import { AfterPartyError } from '../errors.js'
import { historyCommand } from './commands/history.js'
import { initCommand } from './commands/init.js'
import { markCommand } from './commands/mark.js'
import { newCommand } from './commands/new.js'
import { runCommand } from './commands/run.js'
import { statusCommand } from './commands/status.js'
import { reportError } from './report-error.js'

const COMMANDS = [initCommand, newCommand, runCommand, statusCommand, markCommand, historyCommand]

/** Runs one invocation: the arguments after the program's name. Sets `process.exitCode`; never throws. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await parser(args).parseAsync()
  } catch (error) {
    process.exitCode = reportError(error)
  }
}

function parser(args: readonly string[]) {
  const cli = yargs([...args])
    .scriptName('after-party')
    .usage('$0 <command>\n\nDeploy tasks for Prisma: prisma migrate deploy && after-party run')
    .epilogue(
      'Exit codes: 0 done, 1 a task failed, 2 not run (invocation, config, files), 3 held, 4 pending (status --check)',
    )
    .strict()
    .demandCommand(1, 'Say what to do.')
    .recommendCommands()
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      // Yargs throws what handlers throw through here; what it finds itself is about the invocation.
      if (error && !(error.name === 'YError')) throw asUsage(error, message)
      throw usage(message ?? error?.message ?? 'unknown')
    })
  for (const command of COMMANDS) cli.command(command)
  return cli
}

/** An error of an option's `coerce` is a fault of the invocation; it carries the same text as the message. */
function asUsage(error: Error, message: string | null): Error {
  return message !== null && error.message === message && !(error instanceof AfterPartyError) ? usage(message) : error
}

function usage(message: string): AfterPartyError {
  return new AfterPartyError('usage', {
    what: message,
    next: 'Run `npx after-party --help`, or `--help` after a command.',
  })
}
