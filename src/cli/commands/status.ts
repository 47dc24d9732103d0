import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '../../engine/status.js'
import { defineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { lane, project, tags } from '../options.js'
import { untilSignal } from '../signals.js'
import { stdout } from '../terminal.js'
import { usingParty } from '../using-party.js'

export const statusCommand = defineCommand({
  command: 'status',
  describe: 'Show the state of every task in this database',
  examples: [
    ['status --check', 'Exit with code 4 as long as a task is pending'],
    ['status --check --lane foreground', 'The same, without background tasks'],
    ['status --watch', 'Show it every 2 seconds, until nothing is pending'],
  ],
  options: (yargs) =>
    tags(project(yargs))
      .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
      .option('check', { type: 'boolean', default: false, describe: 'Exit with code 4 if tasks are pending' })
      .option('lane', lane('Only the tasks that deploys wait for, or only background tasks'))
      .option('watch', {
        type: 'boolean',
        default: false,
        describe: 'Show it every 2 seconds, until nothing is pending or you press Ctrl+C',
      })
      .check(({ watch, json }) => !(watch && json) || "--watch can't be combined with --json."),
  run: async (args) => {
    return usingParty(args, async (party, config) => {
      const { printStatus } = await import('../reporters/status.js')
      const look = () =>
        party.status({
          onlyOpen: args.check && !args.json,
          tags: args.tag,
          excludeTags: args.excludeTag,
          lane: args.lane,
        })
      const print = (status: Status) =>
        printStatus(status, {
          json: args.json,
          directory: config.tasks,
          byTag: (args.tag ?? args.excludeTag ?? args.lane) !== undefined,
        })
      const status = args.watch ? await untilSignal((signal) => watch(look, print, signal)) : await look()
      if (!args.watch) print(status)
      if (status.faults.length > 0) return EXIT.invalid
      return args.check && status.pending ? EXIT.pending : EXIT.done
    })
  },
})

const EVERY_MS = 2_000

/** Shows the status again and again; returns the last one. */
async function watch(
  look: () => Promise<Status>,
  print: (status: Status) => void,
  signal: AbortSignal,
): Promise<Status> {
  for (;;) {
    const status = await look()
    if (stdout.isTerminal) stdout.clear()
    print(status)
    if (!status.pending || status.faults.length > 0 || signal.aborted) return status
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return status
  }
}
