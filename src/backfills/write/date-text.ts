import type { Column } from '../rows/walked-model.js'

/**
 * A date as the driver adapters send it: the clock of UTC, without saying so. A session reads that in its own zone
 * where the column has one, and so must what we send, or it would be another moment than Prisma writes.
 */
export function sentDate({ native }: Pick<Column, 'native'>, date: Date): string {
  const [day = '', time = ''] = date.toISOString().slice(0, -1).split('T')
  const clock = time.replace(/\.000$/, '')
  if (native === 'Time' || native === 'Timetz') return clock
  return native === 'Date' ? day : `${day} ${clock}`
}
