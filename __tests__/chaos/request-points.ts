import type { Kind } from './chaos-project.js'

/** What can be asked of a task from outside. */
export type Command = 'pause' | 'cancel' | 'resume'

/** How a task stands when something is asked of it. `dead`: its process was killed, and its lease may not be over. */
export type State = 'held' | 'asked' | 'dead' | 'new' | 'paused'

/** What a task is that was asked for it. */
export const ASKED = { pause: 'paused', cancel: 'cancelled', resume: 'pending' } as const satisfies Record<
  Command,
  string
>

/** Whoever asks is killed there. */
export interface Ask {
  kind: Kind
  state: State
  command: Command
  point: string
}

const MOMENTS = ['before', 'during', 'after'] as const
type Moment = (typeof MOMENTS)[number]

/** By the state of the task and what is asked: the writes of whoever asks. */
const WRITES: [State, Command, string[]][] = [
  ['held', 'pause', ['ask', 'ask#2']],
  ['held', 'cancel', ['ask', 'ask#2']],
  ['asked', 'resume', ['ask', 'ask#2']],
  ['dead', 'pause', ['hold', 'end-dead-history']],
  ['dead', 'cancel', ['hold', 'end-dead-history']],
  ['dead', 'resume', ['hold', 'end-dead-history', 'note']],
  ['new', 'pause', ['hold']],
  ['new', 'cancel', ['hold']],
  ['paused', 'cancel', ['hold']],
  ['paused', 'resume', ['hold', 'note']],
]

/** Every write of every request, for every kind; the short suite deals them to its databases, one moment of each. */
export function asks(oneWriter: boolean, all: boolean): Ask[] {
  const points = WRITES.flatMap(([state, command, writes]) => writes.map((write) => ({ state, command, write })))
  const ask = ({ write, ...what }: (typeof points)[number], kind: Kind, moment: Moment) => ({
    ...what,
    kind,
    point: `${moment}:${write}`,
  })
  // Its second is that of a part.
  const kindsAt = (write: string): Kind[] =>
    kindsOf(oneWriter).filter((kind) => write !== 'ask#2' || kind === 'concurrent')
  if (all)
    return points.flatMap((point) =>
      kindsAt(point.write).flatMap((kind) => MOMENTS.map((moment) => ask(point, kind, moment))),
    )
  const share = points.filter(({ write }, i) => i % SHARES === (oneWriter ? 0 : 1) && kindsAt(write).length > 0)
  return share.map((point, i) => ask(point, turn(kindsAt(point.write), i), turn(MOMENTS, i)))
}

/** The third is left to the long suite. */
const SHARES = 3

function turn<Each>(list: readonly Each[], nth: number): Each {
  return list[nth % list.length] as Each
}

/** A holder that was asked is killed at its nth write since; without one, at each of them. */
export interface Stopping {
  kind: Kind
  command: Exclude<Command, 'resume'>
  moment: Moment
  nth?: number
  /** Where it stands still when it is asked. Default: `stopPoint`. */
  stop?: string
}

/** In the short suite, each kind has some of the writes, and they take turns with commands and moments. */
export function stoppings(oneWriter: boolean, all: boolean): Stopping[] {
  const kinds: Kind[] = ['plain', ...kindsOf(oneWriter)]
  const commands = ['pause', 'cancel'] as const
  // Asked before its parts are noted. It is not killed, for it makes fewer writes.
  const early = { kind: 'concurrent', command: 'pause', moment: 'before', nth: 99, stop: 'before:checkpoint' } as const
  const more = oneWriter ? [] : [early]
  if (all)
    return [
      ...more,
      ...kinds.flatMap((kind) => commands.flatMap((command) => MOMENTS.map((moment) => ({ kind, command, moment })))),
    ]
  return [
    ...more,
    ...kinds.flatMap((kind, i) =>
      [1 + (i % 2), 3 - (i % 2)].map((nth) => ({
        kind,
        command: turn(commands, i + nth),
        moment: turn(MOMENTS, i + nth),
        nth,
      })),
    ),
  ]
}

/** Where there is one writer, a backfill is not split. */
export function kindsOf(oneWriter: boolean): Kind[] {
  return ['backfill', 'updating', 'loose', ...(oneWriter ? [] : (['concurrent'] as const))]
}

/** Where a task stands still with some of its work done, and with no transaction open. */
export function stopPoint(kind: Kind, oneWriter: boolean): string {
  switch (kind) {
    case 'plain':
      return 'after:open-history'
    case 'loose':
      return 'after:checkpoint#2'
    case 'updating':
      // One statement is work, checkpoint and commit.
      return oneWriter ? 'after:commit' : 'after:work'
    case 'concurrent':
      // The first two read: how many rows there are, and where parts end.
      return 'after:commit#3'
    default:
      // The first counts the rows.
      return oneWriter ? 'after:commit' : 'after:commit#2'
  }
}

/** A holder stands still there past its lease, with nothing locked. `works`: it has yet to begin its work. */
export interface Stall {
  kind: Kind
  point: string
  works?: boolean
}

export function stallsOf(oneWriter: boolean): Stall[] {
  return [
    { kind: 'plain', point: 'before:settle' },
    // Nothing but its heartbeat tells it that it has nothing more to do.
    { kind: 'plain', point: 'after:open-history', works: true },
    { kind: 'backfill', point: stopPoint('backfill', oneWriter) },
    { kind: 'loose', point: 'before:checkpoint#2' },
    { kind: 'updating', point: stopPoint('updating', oneWriter) },
    ...(oneWriter ? [] : [{ kind: 'concurrent' as const, point: 'after:checkpoint' }]),
  ]
}

/** Of two processes that share a backfill in four parts, one at a time each, one dies there when it is asked to stop. */
export function pointsOfParts(all: boolean): { victim: 'holder' | 'helper'; point: string }[] {
  const points = ['before:work', 'after:work', 'before:commit', 'after:commit', 'before:settle', 'after:settle']
  const victims = ['holder', 'helper'] as const
  const every = points.flatMap((point) => victims.map((victim) => ({ victim, point })))
  return all ? every : every.filter((_, i) => i % 5 === 0 || i === 3)
}
