import { format } from 'node:util'
import { leftOutRow } from '../backfills/skipped-rows.js'
import { inspected, storable, withoutUrls } from '../define/errors.js'
import type { LogLevel } from '../define/events.js'
import type { Log } from '../define/task.js'

/** The history keeps the end of what a task logged: enough to see why it failed, little enough for 5,000 tasks. */
const TAIL_CHARACTERS = 16_000

/** Enough of a line about a row that was left out: its key and what was wrong with it. */
const LEFT_OUT_CHARACTERS = 300

/**
 * What a task logs: told at once, and its tail kept for the history. The rows that a backfill left out are kept
 * whatever else it logs, for they are named nowhere else; each is told once.
 */
export class TaskLog {
  #tail = ''
  #cut = false
  /** The lines of rows that were left out, by row. */
  readonly #leftOut = new Map<string, string>()
  readonly #mostLeftOut: number
  readonly #tell: (level: LogLevel, message: string) => void

  /** `mostLeftOut`: how many rows a backfill may leave out; what else looks like one of them is chatter. */
  constructor(tell: (level: LogLevel, message: string) => void, mostLeftOut = 0) {
    this.#tell = tell
    this.#mostLeftOut = mostLeftOut
  }

  /** The function that the task is given. */
  get log(): Log {
    return Object.assign((...message: unknown[]) => this.#add('info', message), {
      warn: (...message: unknown[]) => this.#add('warn', message),
      error: (...message: unknown[]) => this.#add('error', message),
    })
  }

  /** The tail, after the rows left out that it does not show; null when nothing was logged. */
  get tail(): string | null {
    if (this.#tail === '') return null
    const lost = this.#cut ? [...this.#leftOut.values()].filter((line) => !this.#tail.includes(line)) : []
    return storable(`${lost.map((line) => `${line}\n`).join('')}${this.#cut ? '…' : ''}${this.#tail}`)
  }

  #add(level: LogLevel, message: unknown[]): void {
    const text = withoutUrls(textOf(message))
    const line = `${level === 'info' ? '' : `${level}: `}${text}`
    const row = leftOutRow(text)
    if (row !== undefined && this.#leftOut.has(row)) return
    if (row !== undefined && this.#leftOut.size < this.#mostLeftOut)
      this.#leftOut.set(row, line.slice(0, LEFT_OUT_CHARACTERS))
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
