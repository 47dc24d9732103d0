import { messageOf } from '../define/errors.js'

/** Hears what goes wrong with a queue while nobody waits for it. */
export type QueueErrorListener = (error: unknown) => void

/** Tells a listener of errors, or else the process as a warning. Never throws: an error of a queue ends nothing. */
export function tellTo(listener: QueueErrorListener = warn): QueueErrorListener {
  return (error) => {
    try {
      listener(error)
    } catch {
      // Its own fault must not end the worker.
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(messageOf(error), 'AfterPartyQueueWarning')
}
