import { randomUUID } from 'node:crypto'
import { messageOf } from '../define/errors.js'
import type { RunEvent, RunListener, RunNews } from '../define/events.js'

/**
 * Tells every listener what happens in one run. A listener that throws, rejects or never ends changes nothing: the
 * others hear of the first time, and it is told on.
 *
 * @example const emit = fanOut([report, given.onEvent])
 */
export function fanOut(listeners: readonly (RunListener | undefined)[]): (news: RunNews) => void {
  const run = randomUUID()
  const faulty = new Set<RunListener>()
  const hears = listeners.filter((listener) => listener !== undefined)
  const fault = (listener: RunListener, error: unknown) => {
    if (faulty.has(listener)) return
    faulty.add(listener)
    const event = { type: 'listener-failed' as const, error: messageOf(error), at: new Date(), run }
    for (const other of hears) if (other !== listener) tell(other, event)
  }
  const tell = (listener: RunListener, event: RunEvent) => {
    try {
      Promise.resolve(listener(event)).catch((error) => fault(listener, error))
    } catch (error) {
      fault(listener, error)
    }
  }
  return (news) => {
    const event = { ...news, at: new Date(), run }
    for (const listener of hears) tell(listener, event)
  }
}
