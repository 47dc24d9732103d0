import { format } from 'node:util'
import { storable, withoutUrls } from '../errors.js'
import type { Log } from '../task.js'
import type { LogLevel } from './events.js'

/** The history keeps the end of what a task logged: enough to see why it failed, little enough for 5,000 tasks. */
const TAIL_CHARACTERS = 16_000

/** What a task logs: told at once, and its tail kept for the history. */
export class TaskLog {
  #tail = ''
  #cut = false
  readonly #tell: (level: LogLevel, message: string) => void

  constructor(tell: (level: LogLevel, message: string) => void) {
    this.#tell = tell
  }

  /** The function that the task is given. */
  get log(): Log {
    return Object.assign((...message: unknown[]) => this.#add('info', message), {
      warn: (...message: unknown[]) => this.#add('warn', message),
      error: (...message: unknown[]) => this.#add('error', message),
    })
  }

  /** The tail, or null when nothing was logged. */
  get tail(): string | null {
    return this.#tail === '' ? null : (this.#cut ? '…' : '') + storable(this.#tail)
  }

  #add(level: LogLevel, message: unknown[]): void {
    const text = withoutUrls(format(...message))
    this.#tell(level, text)
    this.#tail += `${level === 'info' ? '' : `${level}: `}${text}\n`
    if (this.#tail.length <= TAIL_CHARACTERS) return
    this.#cut = true
    this.#tail = this.#tail.slice(-TAIL_CHARACTERS)
  }
}
