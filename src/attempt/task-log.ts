import { format } from 'node:util'
import { inspected, storable, withoutUrls } from '../define/errors.js'
import type { LogLevel } from '../define/events.js'
import type { Log } from '../define/task.js'

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

  /** Null when nothing was logged. */
  get tail(): string | null {
    if (this.#tail === '') return null
    return storable(`${this.#cut ? '…' : ''}${this.#tail}`)
  }

  #add(level: LogLevel, message: unknown[]): void {
    const text = withoutUrls(textOf(message))
    const line = `${level === 'info' ? '' : `${level}: `}${text}`
    this.#tell(level, text)
    this.#tail += `${line}\n`
    if (this.#tail.length <= TAIL_CHARACTERS) return
    this.#cut = true
    this.#tail = this.#tail.slice(-TAIL_CHARACTERS)
  }
}

/** As `console.log` writes it; what has a way of its own to be shown, which throws, is shown without it. */
function textOf(message: unknown[]): string {
  try {
    return format(...message)
  } catch {
    return message.map((part) => (typeof part === 'string' ? part : inspected(part))).join(' ')
  }
}
