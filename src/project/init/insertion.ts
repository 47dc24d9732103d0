/**
 * Puts text at the end of a schema, set off by an empty line and with the line endings the schema has.
 * What is there is not changed; only the text to append is returned.
 *
 * @example
 * addition('model A {}', 'model B {\n}\n') // '\n\nmodel B {\n}\n'
 */
export function addition(existing: string, text: string): string {
  const eol = lineEnding(existing)
  const block = text.replace(/\r\n|\n/g, eol)
  return separator(existing, eol) + block
}

/** Text that goes into a file at an offset; nothing that is there changes. */
export interface Insertion {
  at: number
  text: string
}

/**
 * Puts lines at the end of a block, before its closing brace, with the line endings that the file has.
 *
 * @example
 * insertion('model A {\n}\n', { end: 11 }, ['  id Int @id']) // { at: 10, text: '  id Int @id\n' }
 */
export function insertion(existing: string, { end }: { end: number }, lines: readonly string[]): Insertion {
  const eol = lineEnding(existing)
  const brace = end - 1
  const lineStart = existing.lastIndexOf('\n', brace - 1) + 1
  const alone = existing.slice(lineStart, brace).trim() === ''
  const text = lines.map((line) => line + eol).join('')
  return alone ? { at: lineStart, text } : { at: brace, text: eol + text }
}

/** A text with everything inserted. */
export function withInsertions(text: string, insertions: readonly Insertion[]): string {
  return [...insertions]
    .sort((a, b) => b.at - a.at)
    .reduce((done, { at, text }) => done.slice(0, at) + text + done.slice(at), text)
}

/** The line ending that most lines of a text have; `\n` when it has none. */
export function lineEnding(text: string): '\n' | '\r\n' {
  const all = text.split('\n').length - 1
  const carriageReturns = text.split('\r\n').length - 1
  return carriageReturns * 2 > all ? '\r\n' : '\n'
}

function separator(existing: string, eol: string): string {
  const lines = existing.replace(/^\uFEFF/, '').split('\n')
  const last = lines.at(-1) ?? ''
  if (last !== '') return last.trim() === '' ? eol : eol + eol
  return (lines.at(-2) ?? '').trim() === '' ? '' : eol
}
