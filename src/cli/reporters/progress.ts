import { createRequire } from 'node:module'
import type { SingleBar } from 'cli-progress'
import { count, formatMs, indent } from '../terminal.js'

const require = createRequire(import.meta.url)

const LINE_EVERY_MS = 30_000

/** How far a backfill or a task is: a bar on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream
  readonly #name: string
  readonly #write: (line: string) => void
  readonly #began = performance.now()
  #bar: SingleBar | undefined
  #first: number | undefined
  #lastLine = performance.now()

  constructor(stream: NodeJS.WriteStream, name: string, write: (line: string) => void) {
    this.#stream = stream
    this.#name = name
    this.#write = write
  }

  update(processed: number, total: number | null): void {
    // Rows of earlier attempts say nothing about today's pace.
    this.#first ??= processed
    const seconds = (performance.now() - this.#began) / 1000
    const rate = seconds > 0 ? Math.round((processed - this.#first) / seconds) : 0
    if (this.#stream.isTTY) this.#draw(processed, total, rate)
    else this.#tell(processed, total, rate)
  }

  /** Takes the bar away, so that a line can be written; the next update draws it again. */
  hide(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #draw(processed: number, total: number | null, rate: number): void {
    const eta = etaOf(processed, total, rate)
    const [done, of] = [processed.toLocaleString('en'), total?.toLocaleString('en') ?? '?']
    const payload = { done, of, rate: rate.toLocaleString('en'), left: eta ?? '…' }
    if (this.#bar) {
      this.#bar.setTotal(Math.max(total ?? processed, processed))
      this.#bar.update(processed, payload)
      return
    }
    const { format, barsize } = layout(this.#name, this.#stream.columns || 80, of.length)
    const options = { format, stream: this.#stream, clearOnComplete: true, hideCursor: true, barsize, fps: 4 }
    // Fifteen files that most runs never need.
    const { Presets, SingleBar } = require('cli-progress') as typeof import('cli-progress')
    this.#bar = new SingleBar(options, Presets.shades_classic)
    this.#bar.start(Math.max(total ?? processed, processed), processed, payload)
  }

  #tell(processed: number, total: number | null, rate: number): void {
    const now = performance.now()
    if (now - this.#lastLine < LINE_EVERY_MS) return
    this.#lastLine = now
    const eta = etaOf(processed, total, rate)
    const of = total === null ? '' : ` of ${total.toLocaleString('en')}`
    this.#write(indent(`${count(processed, 'row')}${of}, ${rate.toLocaleString('en')}/s${eta ? `, ${eta} left` : ''}`))
  }
}

const WIDEST_BAR = 24
const NARROWEST_BAR = 8
const SHORTEST_NAME = 8
/** The words, the pace and the time left; the counts of rows are as wide as their total. */
const WORDS = '  100%  of  rows, 99,999/s, 59m 59.9s left'.length

/** What the line of a backfill shows in so many columns: first the bar gives way, then the name's end, then the total. */
function layout(name: string, columns: number, digits: number): { format: string; barsize: number } {
  const text = '{percentage}% {done} of {of} rows, {rate}/s, {left} left'
  const room = columns - WORDS - 2 * digits
  const bar = Math.min(WIDEST_BAR, room - name.length - 2)
  if (bar >= NARROWEST_BAR) return { format: `  ${name} {bar} ${text}`, barsize: bar }
  if (room >= SHORTEST_NAME) return { format: `  ${clipped(name, room)} ${text}`, barsize: 0 }
  const rest = Math.max(SHORTEST_NAME, room + digits + ' of '.length)
  return { format: `  ${clipped(name, rest)} ${text.replace(' of {of}', '')}`, barsize: 0 }
}

function clipped(name: string, length: number): string {
  return name.length <= length ? name : `${name.slice(0, length - 1)}…`
}

function etaOf(processed: number, total: number | null, rate: number): string | undefined {
  return total === null || rate === 0 ? undefined : formatMs((Math.max(0, total - processed) / rate) * 1000)
}
