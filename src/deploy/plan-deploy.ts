import type { PlannedTask } from '../define/events.js'
import type { PendingMigration } from './pending-migrations.js'
import { newestOf, type Segment, segmentsOf } from './segments.js'

/** A segment of a deploy as it would be: its migrations, then the tasks that would run. */
export interface PlannedSegment extends Segment {
  tasks: PlannedTask[]
}

/** Puts each task that would run into the segment after which it would. Pure. */
export function planDeploy(pending: readonly PendingMigration[], tasks: readonly PlannedTask[]): PlannedSegment[] {
  const due = tasks.filter(({ runs }) => runs)
  let after = ''
  return segmentsOf(pending).map((segment) => {
    const upTo = segment.next ? newestOf(segment.next.requires) : undefined
    const its = due.filter(({ version }) => version > after && (upTo === undefined || version <= upTo))
    after = upTo ?? after
    return { ...segment, tasks: its }
  })
}
