import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { docsPage, ownPackage } from './own-package.js'

/** What every command takes. */
interface CommonArgs {
  verbose: boolean
}

/** A command: its words, its options, and what it does, which ends in an exit code. */
interface CommandSpec<Args> {
  /** As yargs writes it: `run [names..]` */
  command: string
  describe: string
  /** Invocations that `--help` shows, and what each is for. */
  examples?: readonly (readonly [command: string, what: string])[]
  options(yargs: Argv): Argv<Args>
  run(args: ArgumentsCamelCase<Args & CommonArgs>): Promise<number>
}

/** Makes a yargs command whose arguments are typed by its own options. */
export function defineCommand<Args>({
  command,
  describe,
  examples = [],
  options,
  run,
}: CommandSpec<Args>): CommandModule {
  return {
    command,
    describe,
    builder: (yargs) =>
      (options(yargs) as Argv)
        .option('verbose', { type: 'boolean', default: false, describe: 'Show where errors were thrown' })
        .example(examples.map(([words, what]) => [`$0 ${words}`, what]))
        .epilogue(`Docs: ${docsPage(ownPackage(), 'commands.md')}`),
    handler: async (args) => {
      process.exitCode = await run(args as ArgumentsCamelCase<Args & CommonArgs>)
    },
  }
}
