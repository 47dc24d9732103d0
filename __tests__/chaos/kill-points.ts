import { STACKS, VARIANTS } from '../support/databases/variants.mjs'
import type { VariantName } from '../support/databases.js'
import type { Kind } from './chaos-project.js'

/** A task that is killed at one point after the other, each time in a process of its own. */
export interface Scenario {
  kind: Kind
  kills: string[]
  /** The task waits for its first heartbeat. */
  awaitsBeat?: boolean
}

type Kills = readonly Omit<Scenario, 'kind'>[]

/** Around the claim and the history: alike for every kind of task. */
const OPENINGS = each(
  'before:claim',
  'during:claim',
  'after:claim',
  'before:open-history',
  'after:open-history',
  'before:end-history',
  'after:end-history',
)

const WORK = each('before:work', 'during:work', 'after:work', 'before:settle', 'during:settle', 'after:settle')

const BEATS: Kills = each('before:beat', 'during:beat', 'after:beat').map((kill) => ({ ...kill, awaitsBeat: true }))

const COMMITS = each('before:commit', 'during:commit', 'after:commit')

/** The first checkpoint notes where the walk begins, the second is that of the first batch. */
const BATCHES = each(
  'before:checkpoint',
  'after:checkpoint',
  'before:checkpoint#2',
  'during:checkpoint#2',
  'after:checkpoint#2',
  'before:work#2',
  'after:work#3',
)

/** Where one statement is work, checkpoint and commit. The first checkpoint is still written by itself. */
const AT_ONCE = each(
  'before:checkpoint',
  'after:checkpoint',
  'before:work',
  'during:work',
  'after:work',
  'during:work#2',
  'after:work#3',
)
const AT_ONCE_IN_A_ROW = [['after:work', 'during:work', 'before:work', 'after:work']]

/** Parts of a backfill have claims, checkpoints and settled records of their own; the fourth settle is the whole's. */
const PARTS = each(
  'before:checkpoint',
  'after:checkpoint',
  'before:claim#2',
  'after:claim#3',
  'before:checkpoint#3',
  'after:checkpoint#5',
  'after:work#2',
  'before:commit#2',
  'during:commit',
  'after:commit#3',
  'before:settle',
  'after:settle#2',
  'before:settle#4',
  'after:settle#4',
)

/** While rows are left out, when parts that left some out are done and the whole is not, and before the history is. */
const LEAVING = each('after:checkpoint#3', 'before:commit#2', 'before:settle', 'before:end-history')
const LEAVING_PARTS = each(
  'after:checkpoint#3',
  'during:work#2',
  'after:work#2',
  'before:settle',
  'after:settle',
  'after:settle#2',
  'before:settle#4',
  'before:end-history',
)
const LEAVING_TWICE = [['after:work#2', 'after:settle']]

/** Whoever takes over from the dead dies too. */
const TAKE_OVERS = [['after:work', 'before:claim', 'after:claim', 'before:end-dead-history', 'after:end-dead-history']]
const BATCH_AFTER_BATCH = [['after:work', 'after:checkpoint', 'after:commit', 'before:commit']]
const PART_AFTER_PART = [['after:work', 'after:claim#2', 'after:commit']]

/** How much is tried: a few points, every write point once or dealt to several databases, or those of every kind. */
export type Extent = 'few' | 'dealt' | 'every kind'

/** Who shares the points, where they are dealt: one of each kind of database. */
const SHARERS: readonly VariantName[] = ['sqlite-libsql', 'postgresql', 'mariadb']

/** What to kill on a variant. */
export function scenariosOf(variant: VariantName, extent: Extent): Scenario[] {
  const oneWriter = STACKS[VARIANTS[variant].stack].provider === 'sqlite'
  // Where there is one writer, no heartbeat is sent beside a transaction: it is made to last before it begins.
  const beats = oneWriter ? BEATS.map(({ kills }) => ({ kills })) : BEATS
  const some: Scenario[] = [
    ...of('plain', each('after:work', 'after:settle')),
    ...of('transactional', COMMITS),
    ...of('backfill', each('after:checkpoint#2', 'during:commit#2')),
    ...of('updating', each(oneWriter ? 'after:commit#2' : 'after:work#2')),
  ]
  const points: Scenario[] = [
    ...of('plain', [...OPENINGS, ...WORK, ...BEATS, ...inARow(TAKE_OVERS)]),
    ...of('transactional', [...WORK, ...COMMITS]),
    ...of('backfill', [...COMMITS, ...BATCHES, ...inARow(BATCH_AFTER_BATCH)]),
    ...of('updating', each('after:work#2', oneWriter ? 'during:commit#2' : 'during:work#2')),
    ...of('loose', each('after:work#2', 'after:checkpoint#2')),
  ]
  const kinds: Scenario[] = [
    ...points,
    ...of('transactional', [...OPENINGS, ...beats, ...inARow(TAKE_OVERS)]),
    ...of('backfill', [...OPENINGS, ...WORK, ...beats, ...inARow(TAKE_OVERS)]),
    ...of('updating', [
      ...(oneWriter ? [...COMMITS, ...BATCHES] : AT_ONCE),
      ...inARow(oneWriter ? BATCH_AFTER_BATCH : AT_ONCE_IN_A_ROW),
    ]),
    ...of('loose', BATCHES),
  ]
  // Where there is one writer, a backfill is not split.
  const parts = oneWriter
    ? of('leaving', LEAVING)
    : [
        ...of('concurrent', [...PARTS, ...inARow(PART_AFTER_PART)]),
        ...of('leaving', [...LEAVING_PARTS, ...inARow(LEAVING_TWICE)]),
      ]
  switch (extent) {
    case 'few':
      return some
    case 'dealt':
      return [...dealt(points, SHARERS, variant), ...dealt(parts, oneWriter ? [variant] : SERVERS, variant)]
    case 'every kind':
      return [...kinds, ...parts]
  }
}

/** Where a slice of a worker ends in the middle of a backfill, and the next begins. */
const SLICES = each(
  'before:settle',
  'during:settle',
  'after:settle',
  'before:end-history',
  'after:end-history',
  'before:claim#2',
  'during:claim#2',
  'after:claim#2',
  'after:open-history#2',
)
const SLICE_AFTER_SLICE = [['after:claim#2', 'before:settle#2', 'during:claim#2']]

/** What to kill of a worker that has the task to itself. */
export function slicesOf(variant: VariantName, all: boolean): Scenario[] {
  const oneWriter = STACKS[VARIANTS[variant].stack].provider === 'sqlite'
  const backfills: Kind[] = ['backfill', 'updating', 'loose', ...(oneWriter ? [] : (['concurrent'] as const))]
  if (all)
    return [
      ...scenariosOf(variant, 'every kind'),
      ...backfills.flatMap((kind) => of(kind, [...SLICES, ...inARow(SLICE_AFTER_SLICE)])),
    ]
  // Each kind has its own share of the moments.
  const share = (nth: number) => SLICES.filter((_, i) => i % backfills.length === nth).slice(0, 2)
  return [
    ...of('transactional', each('after:claim', 'during:commit')),
    ...of('plain', each('after:work')),
    ...backfills.flatMap((kind, nth) => of(kind, share(nth))),
  ]
}

const SERVERS = SHARERS.filter((variant) => STACKS[VARIANTS[variant].stack].provider !== 'sqlite')

/**
 * A database's share of the scenarios. Those that differ in the moment alone go to one after the other, and every
 * database has at least one of them.
 */
function dealt(scenarios: readonly Scenario[], sharers: readonly VariantName[], variant: VariantName): Scenario[] {
  const alike = new Map<string, Scenario[]>()
  for (const scenario of scenarios) {
    const write = `${scenario.kind} ${scenario.kills.join().replaceAll(/\w+:|#\d/g, '')}`
    alike.set(write, [...(alike.get(write) ?? []), scenario])
  }
  return [...alike.values()].flatMap((group, turn) => {
    // Whoever begins takes turns, too: none has the moment before of every write.
    const share = (sharers.indexOf(variant) + turn) % sharers.length
    return group.filter((_, i) => i % sharers.length === share || (share >= group.length && i === share % group.length))
  })
}

function each(...points: string[]): Kills {
  return points.map((point) => ({ kills: [point] }))
}

function inARow(chains: readonly string[][]): Kills {
  return chains.map((kills) => ({ kills }))
}

function of(kind: Kind, kills: Kills): Scenario[] {
  return kills.map((kill) => ({ kind, ...kill }))
}
