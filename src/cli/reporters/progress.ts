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
    const format = `  ${this.#name} {bar} {percentage}% {done} of {of} rows, {rate}/s, {left} left`
    const options = { format, stream: this.#stream, clearOnComplete: true, hideCursor: true, barsize: 24, fps: 4 }
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

function etaOf(processed: number, total: number | null, rate: number): string | undefined {
  return total === null || rate === 0 ? undefined : formatMs((Math.max(0, total - processed) / rate) * 1000)
}
