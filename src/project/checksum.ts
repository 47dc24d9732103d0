import { createHash } from 'node:crypto'

/**
 * The checksum of a task's text, with the language that it is in. Line ends do not count: Git may change them from
 * machine to machine.
 */
export function checksumOf(file: string, text: string): string {
  const language = /\.[cm]?ts$/.test(file) ? 'ts' : 'js'
  return `${language}:${createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')}`
}

/**
 * Whether a task's text is another than when it ran. What ran as TypeScript and is compiled now, or the other way
 * round, can't be compared, and counts as the same.
 */
export function isChanged(now: string | null, then: string | null): boolean {
  if (now === null || then === null || now === then) return false
  return languageOf(now) === languageOf(then)
}

function languageOf(checksum: string): string | undefined {
  return /^(\w+):/.exec(checksum)?.[1]
}
