import { type TransactionTimes, transact } from '../attempt/transaction.js'
import type { BackfillDefinition } from '../define/backfill.js'
import type { Ledger } from '../ledger/contract.js'
import type { Client } from '../prisma/client.js'
import { withoutExtensions } from '../prisma/extensions.js'
import { type AtOnce, isForStatements, Unsupported, type WritesTogether } from './at-once.js'
import type { Comparison } from './comparison.js'
import { ChangedMeanwhile } from './rows/batch-fault.js'
import type { Walked } from './rows/target.js'
import { type Change, dialectOf, groupChanges, statementsOf } from './write/bulk-update.js'
import type { Dialect } from './write/dialect.js'
import type { RawTable } from './write/raw-table.js'
import { comparedIn } from './write-batch.js'

/**
 * Writes a batch in a transaction of SQLite that reads nothing: its first statement, the checkpoint, takes the write
 * lock, so that it needs no heartbeat for that, and the application waits for two statements and not for `update`.
 */
export class ShortTransaction implements AtOnce {
  readonly beatsWait = true
  readonly #client: Client
  readonly #given: { walked: Walked; dialect: Dialect; ledger: Ledger; times: TransactionTimes }

  private constructor(
    client: Client,
    given: { walked: Walked; dialect: Dialect; ledger: Ledger; times: TransactionTimes },
  ) {
    this.#client = client
    this.#given = given
  }

  /** Undefined where rows must be read in the transaction: for what happens to them before it is not all noticed. */
  static for(
    { update, transaction = true }: BackfillDefinition,
    walked: Walked,
    given: { client: Client; ledger: Ledger; times: TransactionTimes; comparison: Comparison | undefined },
  ): ShortTransaction | undefined {
    const { client, ledger, times, comparison } = given
    const dialect = dialectOf(walked.model)
    if (!update || !transaction || !dialect || !ledger.singleWriter) return
    if (!comparison?.coversAll((column) => dialect.compares(column, new Map()))) return
    if (!isForStatements(walked, client)) return
    return new ShortTransaction(withoutExtensions(client), { walked, dialect, ledger, times })
  }

  /** One connection at a time has the file, and its driver is at work in this process. */
  readsAhead(): boolean {
    return false
  }

  async writing(
    changes: readonly Change[],
    table: RawTable,
    comparison: Comparison | undefined,
  ): Promise<WritesTogether | undefined> {
    const { walked, dialect, ledger, times } = this.#given
    if (typeof table === 'string') return undefined
    // Somebody's write to such a column would be overwritten unseen.
    const written = [...new Set(changes.flatMap(({ data }) => Object.keys(data)))]
    const columns = written.flatMap((field) => walked.model.columns.get(field) ?? [])
    if (columns.some((column) => !dialect.compares(column, table.types))) throw new Unsupported()
    const compared = comparedIn(changes, { comparison, dialect, table })
    const groups = groupChanges(table.model, walked.walk.fields, changes, table.types, compared)
    if (typeof groups === 'string') return undefined
    const statements = groups.flatMap((group) => statementsOf(dialect, group))
    const rows = groups.reduce((sum, group) => sum + group.rows.length, 0)
    return {
      checkpoint: (claim, checkpoint) =>
        transact(this.#client, times, async (transaction) => {
          if (!(await ledger.within(transaction).checkpoint(claim, checkpoint))) return false
          const writer = withoutExtensions(transaction)
          let changed = 0
          for (const { sql, parameters } of statements) changed += await writer.$executeRawUnsafe(sql, ...parameters)
          if (changed < rows) throw new ChangedMeanwhile()
          return true
        }),
    }
  }
}
