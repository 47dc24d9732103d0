import type { Work } from '../attempt/work.js'
import type { BackfillDefinition, RunPace } from '../define/backfill.js'
import { durationText } from '../define/duration.js'
import { targetFault } from './rows/target-fault.js'
import { executeBackfill } from './run-backfill.js'
import { helpWith } from './run-parts.js'

/** A backfill, as the engine knows work. */
export function backfillWork(definition: BackfillDefinition): Work {
  return {
    everyDeploy: false,
    settlesItself: false,
    timeout: definition.timeout === undefined ? undefined : durationText(definition.timeout),
    // It goes on at its checkpoint, unless it is run by hand although it is done.
    resumes: (record) => record?.status !== 'done',
    execute: (job) => executeBackfill(withParams(atPace(definition, job.pace), job.context.params), job),
    help: (job, holder) => helpWith(withParams(atPace(definition, job.pace), job.context.params), job, holder),
    fault: (client) => targetFault(definition, client),
    ...(definition.transaction !== false && {
      async rehearse(job) {
        const { rehearseBackfill } = await import('./rehearse-backfill.js')
        return rehearseBackfill(withParams(definition, job.context.params), job)
      },
    }),
  }
}

/** What gets no context of its own gets the params here. */
function withParams(definition: BackfillDefinition, params: unknown): BackfillDefinition {
  const { update, throttle } = definition
  const given = { params }
  return {
    ...definition,
    ...(update && { update: (row) => update.call(definition, row, given) }),
    ...(throttle && { throttle: (context) => throttle.call(definition, { ...context, params }) }),
  }
}

function atPace(definition: BackfillDefinition, { batchSize, pause }: RunPace): BackfillDefinition {
  return { ...definition, ...(batchSize !== undefined && { batchSize }), ...(pause !== undefined && { pause }) }
}
