import type { Definition } from '../define/definition.js'
import { inspected, messageOf } from '../define/errors.js'
import type { Reason } from '../define/events.js'
import { plainly } from '../define/thrown.js'
import { orCrashed } from './crash.js'
import { type Execution, endOf } from './execution.js'
import { orStopped, Stop } from './stop.js'
import { allAwaited } from './unawaited.js'
import type { Job } from './work.js'

/** What a task's `when` says of starting it now. */
export type Permission =
  | { kind: 'go' }
  | { kind: 'waits'; reason: Reason }
  /** It was told to stop before it answered. */
  | { kind: 'stopped' }
  /** It threw, or took too long: so the task has failed. */
  | { kind: 'failed'; execution: Execution }

const NEVER = new AbortController().signal

/** Asks a task's `when`, which has the task's own time limit, outside of its transaction. What it throws is a result. */
export async function askWhen(
  { when, timeout }: Pick<Definition, 'when' | 'timeout'>,
  job: Job & { crashed: AbortSignal | undefined },
): Promise<Permission> {
  if (!when) return { kind: 'go' }
  const { client, context, graceMs, onStopping } = job
  const { progress: _, ...given } = context
  const onLate = (message: string) => context.log.error(`${context.version}: ${message}`)
  let answer: unknown
  const execution = await orCrashed(job, async (signal) => {
    const stop = new Stop({ signal, lost: NEVER, timeout, onStopping })
    const ask = () =>
      allAwaited(client, { graceMs, onLate }, async (prisma) => {
        answer = await when({ ...given, prisma: prisma as never, signal: stop.signal })
        demandAnswer(answer)
      })
    try {
      await orStopped(ask, stop.signal, graceMs)
      return { kind: 'done', committed: false }
    } catch (error) {
      return endOf(plainly(error), stop, undefined)
    } finally {
      stop.end()
    }
  })
  if (execution.kind === 'stopped' && execution.reason === 'signal') return { kind: 'stopped' }
  if (execution.kind !== 'done') return { kind: 'failed', execution }
  return answer === true ? { kind: 'go' } : { kind: 'waits', reason: reasonOf(answer) }
}

function demandAnswer(answer: unknown): void {
  if (typeof answer === 'boolean' || typeof answer === 'string') return
  throw new Error(`\`when\` must return true, false or a reason. It returned ${inspected(answer)}.`)
}

function reasonOf(answer: unknown): Reason {
  const text = typeof answer === 'string' ? messageOf(answer) : ''
  return { code: 'waiting', ...(text !== '' && { text }) }
}
