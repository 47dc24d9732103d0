import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'

/** A command: its words, its options, and what it does, which ends in an exit code. */
interface CommandSpec<Args> {
  /** As yargs writes it: `run [names..]` */
  command: string
  describe: string
  options(yargs: Argv): Argv<Args>
  run(args: ArgumentsCamelCase<Args>): Promise<number>
}

/** Makes a yargs command whose arguments are typed by its own options. */
export function defineCommand<Args>({ command, describe, options, run }: CommandSpec<Args>): CommandModule {
  return {
    command,
    describe,
    builder: (yargs) => options(yargs) as Argv,
    handler: async (args) => {
      process.exitCode = await run(args as ArgumentsCamelCase<Args>)
    },
  }
}
