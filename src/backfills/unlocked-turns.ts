import type { SkippedRow } from '../define/events.js'
import type { Row } from '../prisma/client.js'
import type { BatchRows, Place, Prepared } from './batch-rows.js'
import { isAsSeen } from './comparison.js'
import { ChangedMeanwhile } from './rows/batch-fault.js'
import { nameOf } from './rows/keys.js'
import type { Change } from './write/bulk-update.js'
import type { RawTable } from './write/raw-table.js'
import { type BatchWork, changesOf, reads, writeChanges } from './write-batch.js'

/** Times that rows are read and done again when somebody else changes them each time. */
const TURNS = 5

/** Writes a batch without a transaction: what changed meanwhile is read and done again, the rest stays written. */
export async function writeInTurns(
  { changes: all, skipped: before }: Prepared,
  given: { writer: BatchWork['reader']; work: BatchWork; rows: BatchRows; table: RawTable; place: Place },
): Promise<{ skipped: SkippedRow[]; changedMeanwhile: number }> {
  const { writer, work, rows, table, place } = given
  const skipped = [...before]
  const changed = new Set<string>()
  let changes: readonly Change[] = all
  let { comparison } = work
  for (let turn = 1; ; turn += 1) {
    try {
      const missed = await writeChanges(changes, writer, table, { ...work, comparison })
      await rows.demandGone(missed, work.reader, place)
      return { skipped, changedMeanwhile: changed.size }
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile) || turn === TURNS) throw error
      const given = new Map(changes.map((change) => [nameOf(change.key), change]))
      const nameOfRow = (row: Row) => nameOf(rows.keyOf(row))
      const keys = changes.map(({ key }) => key)
      const found = await rows.byKeys(work.reader, keys, place)
      const open = found.filter((row) => !reads(row, given.get(nameOfRow(row))?.data ?? {}))
      const compared = work.comparison?.columns(changes, () => true) ?? []
      const differing = open.filter((row) => !isAsSeen(given.get(nameOfRow(row))?.seen ?? {}, row, compared))
      for (const row of differing) changed.add(nameOfRow(row))
      // They are as they were, and still not written: the database keeps them so, and says which when it is asked.
      if (differing.length === 0) comparison = undefined
      const seen = work.comparison?.see(open)
      const again = await changesOf(open, { ...work, seen })
      skipped.push(...again.skipped)
      changes = again.changes
    }
  }
}
