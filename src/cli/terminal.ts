import { clearScreenDown, cursorTo } from 'node:readline'
import { styleText } from 'node:util'
import prettyMs from 'pretty-ms'

type Style = Parameters<typeof styleText>[0]

/** Writes to one stream, in colour only where that stream is a terminal and `NO_COLOR` is not set. */
export class Terminal {
  readonly #stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stream })
  }

  /** Whether somebody looks at it. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  /** Clears the screen. */
  clear(): void {
    cursorTo(this.#stream, 0, 0)
    clearScreenDown(this.#stream)
  }

  line(text = ''): void {
    this.#stream.write(`${text}\n`)
  }
}

/** Data: what a caller may read. */
export const stdout = new Terminal(process.stdout)

/** Everything else. */
export const stderr = new Terminal(process.stderr)

/** A duration for people. */
export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)}ms` : prettyMs(ms, { secondsDecimalDigits: 1 })
}

/** `1 task`, `2 tasks`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}

/** A text that fits beside others in a line. */
export function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** Indents every line of a text. */
export function indent(text: string, by = '  '): string {
  return text.replace(/^(?=.)/gm, by)
}
