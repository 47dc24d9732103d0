import { inspected } from '../define/errors.js'
import type { WorkMessage } from '../define/queue.js'

/** The message in a job. Throws if there is none, because somebody else uses the same queue. */
export function messageIn(data: unknown): WorkMessage {
  const { version, part = null } = (data ?? {}) as Partial<Record<keyof WorkMessage, unknown>>
  if (typeof version === 'string' && (part === null || typeof part === 'number')) return { version, part }
  throw new Error(`not a message of After Party: ${inspected(data)}`)
}
