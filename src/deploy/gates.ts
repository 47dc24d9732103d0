import { distance } from 'fastest-levenshtein'

/** What the comments of a migration say about gates. */
export interface GateLines {
  /** The tasks that it requires: names or versions, as they are written. */
  tasks: string[]
  /** What is wrong with a line that looks like a gate. */
  faults: string[]
}

const GATE = /^after-party:\s*requires\s+(.+)$/i
/** How a gate is written. */
const EXAMPLE = '`-- after-party: requires <task>`'

/**
 * Reads the gates of a migration: comment lines above its first statement, `-- after-party: requires backfill_slugs`.
 * Several names may stand in one line, and there may be several lines. A line that looks like a gate and is none is a
 * fault: ignored, it would let the migration be applied too early. Pure.
 *
 * @example readGates('-- after-party: requires backfill_slugs\nALTER TABLE …') // { tasks: ['backfill_slugs'], faults: [] }
 */
export function readGates(sql: string): GateLines {
  const { comments, rest } = openingComments(sql.replace(/^\uFEFF/, ''))
  const tasks: string[] = []
  const faults: string[] = []
  for (const comment of comments) {
    const names = GATE.exec(comment)?.[1]
      ?.split(/[\s,]+/)
      .filter(Boolean)
    if (names) tasks.push(...names)
    else if (looksLikeGate(comment)) faults.push(`"${comment}" is not a gate: write ${EXAMPLE}`)
  }
  for (const [, late = ''] of rest.matchAll(/^[ \t]*(?:--|#|\/\*)[ \t]*(after[-_ ]?party[ \t]*:.*)$/gim))
    faults.push(`"${late.trim()}" is below the first statement: move it to the top of the file`)
  return { tasks: [...new Set(tasks)], faults }
}

/** Whether a migration has gates, or lines that are wrong ones. */
export function hasGates(sql: string): boolean {
  const { tasks, faults } = readGates(sql)
  return tasks.length + faults.length > 0
}

/** The comments above the first statement, line by line, and the text from that statement on. */
function openingComments(sql: string): { comments: string[]; rest: string } {
  const comments: string[] = []
  // `#` opens a comment in MySQL, and nothing in the others.
  const next = /\s*(?:(?:--|#)([^\r\n]*)|\/\*([\s\S]*?)\*\/)/y
  let end = 0
  for (let found = next.exec(sql); found; found = next.exec(sql)) {
    end = next.lastIndex
    const lines = found[1] === undefined ? (found[2] ?? '').split(/\r?\n/) : [found[1]]
    comments.push(...lines.map((line) => line.replace(/^[\s*-]+/, '').trim()).filter(Boolean))
  }
  return { comments, rest: sql.slice(end) }
}

/** Also with a slip in its first word, if it goes on like a gate. A sentence about a party is none. */
function looksLikeGate(comment: string): boolean {
  if (/^after[-_ ]?party\s*[:=]/i.test(comment)) return true
  const [, word = ''] = /^([\w -]{6,14}?)\s*[:=]?\s*requir/i.exec(comment) ?? []
  return word !== '' && distance(word.toLowerCase().replaceAll(/[_ ]/g, '-'), 'after-party') <= 2
}
