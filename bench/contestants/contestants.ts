import { afterParty } from './after-party.js'
import { raw } from './raw.js'
import { rowByRow } from './row-by-row.js'
import { constant, execute, oneUpdate } from './same-for-all.js'
import { transactions } from './transactions.js'

/** What a contestant is asked to do. */
export interface Job {
  contestant: string
  provider: 'postgresql' | 'mysql' | 'sqlite'
  /** Rows at a time. */
  batch: number
  /** Ids up to this one. */
  upTo: number
  concurrency?: number
}

/** A contestant whose client is connected: `work` is what is timed. */
export interface Contestant {
  work(): Promise<void>
  end(): Promise<void>
}

export const CONTESTANTS: Record<string, (job: Job) => Promise<Contestant>> = {
  'After Party': afterParty,
  'raw keyset loop': raw,
  'update per row': rowByRow,
  '$transaction per batch': transactions,
  'update: {…}': constant,
  execute,
  'one UPDATE': oneUpdate,
}
