import { STACKS, VARIANTS } from '../support/databases/variants.mjs'
import type { VariantName } from '../support/databases.js'
import type { Kind } from './chaos-project.js'

/** A task that is killed at one point after the other, each time in a process of its own. */
export interface Scenario {
  kind: Kind
  kills: string[]
  /** The task waits for its first heartbeat. */
  awaitsBeat?: boolean
  /** Runs on every database in the short suite too. */
  essential?: boolean
}

/** Every write point of a task that runs once, whatever its kind. */
const EVERY_KIND: Omit<Scenario, 'kind'>[] = [
  { kills: ['before:claim'] },
  { kills: ['during:claim'] },
  { kills: ['after:claim'], essential: true },
  { kills: ['before:open-history'] },
  { kills: ['after:open-history'] },
  { kills: ['before:work'] },
  { kills: ['during:work'] },
  { kills: ['after:work'], essential: true },
  { kills: ['before:settle'] },
  { kills: ['after:settle'], essential: true },
  { kills: ['before:end-history'] },
  { kills: ['after:end-history'] },
  // Whoever takes over from the dead dies too.
  { kills: ['after:work', 'before:claim', 'after:claim', 'before:end-dead-history', 'after:end-dead-history'] },
]

const BEATS: Omit<Scenario, 'kind'>[] = [
  { kills: ['before:beat'], awaitsBeat: true },
  { kills: ['during:beat'], awaitsBeat: true },
  { kills: ['after:beat'], awaitsBeat: true },
]

const COMMITS: Omit<Scenario, 'kind'>[] = [
  { kills: ['before:commit'], essential: true },
  { kills: ['during:commit'], essential: true },
  { kills: ['after:commit'], essential: true },
]

/** The first checkpoint notes where the walk begins, the second is that of the first batch. */
const BATCHES: Omit<Scenario, 'kind'>[] = [
  { kills: ['before:checkpoint'] },
  { kills: ['after:checkpoint'] },
  { kills: ['before:checkpoint#2'], essential: true },
  { kills: ['during:checkpoint#2'] },
  { kills: ['after:checkpoint#2'], essential: true },
  { kills: ['before:work#2'] },
  { kills: ['after:work#3'] },
  { kills: ['after:work', 'after:checkpoint', 'after:commit', 'before:commit'], essential: true },
]

/** What parts of a backfill have beside: their own claims, checkpoints and settled records. */
const PARTS: Omit<Scenario, 'kind'>[] = [
  { kills: ['before:checkpoint'] },
  { kills: ['after:checkpoint'] },
  { kills: ['before:claim#2'] },
  { kills: ['after:claim#3'] },
  { kills: ['before:checkpoint#3'] },
  { kills: ['after:checkpoint#5'] },
  { kills: ['after:work#2'] },
  { kills: ['before:commit#2'] },
  { kills: ['during:commit'] },
  { kills: ['after:commit#3'] },
  { kills: ['before:settle'] },
  { kills: ['after:settle#2'] },
  { kills: ['before:settle#4'] },
  { kills: ['after:settle#4'] },
  { kills: ['after:work', 'after:claim#2', 'after:commit'], essential: true },
]

/** What to kill on a variant. Each once; `essential` leaves out what is much like another. */
export function scenariosOf(variant: VariantName, { essential }: { essential: boolean }): Scenario[] {
  const oneWriter = STACKS[VARIANTS[variant].stack].provider === 'sqlite'
  // Where there is one writer, no heartbeat is sent beside a transaction: it is made to last before it begins.
  const beats = oneWriter ? BEATS.map(({ kills }) => ({ kills })) : BEATS
  const all = [
    ...of('plain', [...EVERY_KIND, ...BEATS]),
    ...of('transactional', [...EVERY_KIND, ...beats, ...COMMITS]),
    ...of('backfill', [...EVERY_KIND, ...beats, ...COMMITS, ...BATCHES]),
    ...of('updating', [...COMMITS, ...BATCHES]),
    ...of(
      'loose',
      BATCHES.filter(({ kills }) => !kills.some((point) => point.endsWith('commit'))),
    ),
    // Where there is one writer, a backfill is not split.
    ...(oneWriter ? [] : of('concurrent', PARTS)),
  ]
  return all.filter((scenario) => !essential || scenario.essential)
}

function of(kind: Kind, scenarios: readonly Omit<Scenario, 'kind'>[]): Scenario[] {
  return scenarios.map((scenario) => ({ kind, ...scenario }))
}
