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
