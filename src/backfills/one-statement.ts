import type { TransactionTimes } from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import type { Ledger, RecordChange } from '../ledger/contract.js'
import { type Client, primaryOf } from '../prisma/client.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { type AtOnce, isForStatements, Unsupported, type WritesTogether } from './at-once.js'
import type { Comparison } from './comparison.js'
import { ChangedMeanwhile } from './rows/batch-fault.js'
import type { Walked } from './rows/target.js'
import { type Column, type WalkedModel, walkedModel } from './rows/walked-model.js'
import { type Change, dialectOf, groupChanges } from './write/bulk-update.js'
import type { ChangeGroup, Dialect } from './write/dialect.js'
import { type RawTable, RawTables } from './write/raw-table.js'
import { lookInto, lookThrough } from './write/unmatched-rows.js'
import { comparedIn } from './write-batch.js'

const RECORD = 'afterPartyTaskRecord'

/**
 * Writes the rows of a batch and its checkpoint in one statement, which is its own transaction: two round trips a
 * batch with the read, where an interactive transaction takes five. The only raw statement that writes the ledger;
 * what it writes, and on what condition, is the ledger's own.
 */
export class OneStatement implements AtOnce {
  readonly #client: Client
  readonly #walked: Walked
  readonly #record: WalkedModel
  readonly #recordTable = new RawTables()
  readonly #times: TransactionTimes
  readonly #change: NonNullable<Ledger['checkpointChange']>
  readonly #dialect: Dialect
  readonly #together: NonNullable<Dialect['together']>

  private constructor(
    client: Client,
    given: {
      walked: Walked
      change: NonNullable<Ledger['checkpointChange']>
      dialect: Dialect
      together: NonNullable<Dialect['together']>
      times: TransactionTimes
    },
  ) {
    this.#client = client
    this.#walked = given.walked
    this.#record = walkedModel(client, RECORD)
    this.#change = given.change
    this.#dialect = given.dialect
    this.#together = given.together
    this.#times = given.times
  }

  /** Undefined where a batch needs a transaction of several statements. */
  static for(
    { update, transaction = true }: BackfillDefinition,
    walked: Walked,
    { client, ledger, times }: { client: Client; ledger: Ledger; times: TransactionTimes },
  ): OneStatement | undefined {
    const dialect = dialectOf(walked.model)
    const together = dialect?.together
    const isolated = typeof transaction === 'object' && transaction.isolationLevel !== undefined
    if (!update || !transaction || isolated || !together || !ledger.checkpointChange || !(RECORD in client)) return
    if (!isForStatements(walked, client)) return
    const change = ledger.checkpointChange.bind(ledger)
    // A hook on raw statements is for those of the team; this one writes the ledger too.
    return new OneStatement(withoutExtensions(client), { walked, change, dialect, together, times })
  }

  /** No heartbeat gets through while the statement waits for a lock. */
  get beatsWait(): boolean {
    return this.#together.locksRecordFirst
  }

  readsAhead(table: RawTable, comparison: Comparison | undefined): boolean {
    if (typeof table === 'string' || !comparison) return false
    return comparison.coversAll((column: Column) => this.#dialect.compares(column, table.types))
  }

  async writing(
    changes: readonly Change[],
    table: RawTable,
    comparison: Comparison | undefined,
  ): Promise<WritesTogether | undefined> {
    const { walk } = this.#walked
    if (typeof table === 'string') return undefined
    const compared = comparedIn(changes, { comparison, dialect: this.#dialect, table })
    const groups = groupChanges(table.model, walk.fields, changes, table.types, compared)
    const [group, another] = groups
    if (typeof groups === 'string' || typeof group !== 'object' || another) return undefined
    const recordTable = await this.#recordTable.of(this.#client, this.#record, this.#times)
    if (typeof recordTable === 'string') return undefined
    const withRecord = this.#together.statement(group)
    let changed: number | undefined
    return {
      checkpoint: async (claim, checkpoint) => {
        const record = recordGroup(this.#change(claim, checkpoint), recordTable)
        const { sql, parameters } = withRecord(record)
        const answer = await this.#client.$executeRawUnsafe(sql, ...parameters).catch((error) => {
          const refusal = this.#together.refusal(error)
          if (refusal === undefined) throw error
          if (refusal === 'unsupported') throw new Unsupported()
          if (refusal === 'fewer') throw new ChangedMeanwhile()
          return 0
        })
        changed = this.#together.changedOf(answer, group)
        return changed !== undefined
      },
      demandFound: async () => {
        if (changed === undefined || changed >= group.rows.length) return
        const through = { writer: this.#client, reader: primaryOf(this.#client) }
        await lookInto(group, changed, lookThrough(through, this.#dialect, this.#walked, 1))
      },
    }
  }
}

function recordGroup({ where, data }: RecordChange, { model, types }: Exclude<RawTable, string>): ChangeGroup {
  const groups = groupChanges(model, Object.keys(where), [{ key: Object.values(where), data }], types)
  const [group] = groups
  if (typeof group !== 'object') throw new Error(`a checkpoint is not for a statement: ${groups}`)
  return group
}
