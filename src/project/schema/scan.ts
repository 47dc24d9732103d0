/** The kinds of block that a Prisma schema is made of. */
export type BlockKind = 'model' | 'enum' | 'type' | 'view' | 'generator' | 'datasource'

/** One block of a schema. `start` and `end` are offsets into its text; `end` is behind the closing brace. */
export interface SchemaBlock {
  kind: BlockKind
  name: string
  start: number
  end: number
  /** What stands between the braces, as it was written. */
  body: string
}

const OPENING = /(model|enum|type|view|generator|datasource)\s+([A-Za-z]\w*)\s*\{/y
const WORD = /\w+/y

/**
 * Finds the blocks of a schema. It only scans: comments and strings are skipped, nothing is understood,
 * so it stands what a parser would stumble over.
 *
 * @example scanBlocks('model Post { // the {posts}\n  id Int @id\n}')[0]?.name // 'Post'
 */
export function scanBlocks(text: string): SchemaBlock[] {
  const blocks: SchemaBlock[] = []
  let at = 0
  while (at < text.length) {
    const behind = skipCommentOrString(text, at)
    if (behind > at) {
      at = behind
      continue
    }
    OPENING.lastIndex = at
    const opening = OPENING.exec(text)
    if (opening) {
      const bodyStart = at + opening[0].length
      const close = closingOf(text, bodyStart, '{}')
      const [, kind, name] = opening
      if (isBlockKind(kind) && name) {
        blocks.push({
          kind,
          name,
          start: at,
          end: Math.min(close + 1, text.length),
          body: text.slice(bodyStart, close),
        })
      }
      at = close + 1
      continue
    }
    WORD.lastIndex = at
    at += WORD.exec(text)?.[0].length ?? 1
  }
  return blocks
}

/**
 * The statements of a block's body: one a line, comments taken out, a statement that goes on inside
 * brackets over several lines joined to one.
 */
export function statementsOf(body: string): string[] {
  const statements: string[] = []
  let statement = ''
  let depth = 0
  const close = () => {
    if (statement.trim()) statements.push(statement.trim())
    statement = ''
  }
  for (let at = 0; at < body.length; ) {
    const behind = skipCommentOrString(body, at)
    if (behind > at) {
      statement += body[at] === '"' ? body.slice(at, behind) : ' '
      at = behind
      continue
    }
    const char = body.charAt(at)
    if (char === '(' || char === '[') depth++
    if (char === ')' || char === ']') depth--
    if (char === '\n' && depth <= 0) close()
    else statement += char
    at++
  }
  close()
  return statements
}

/** The offset behind the comment or string that starts at `at`, or `at` when neither starts there. */
export function skipCommentOrString(text: string, at: number): number {
  if (text.startsWith('//', at)) return endOf(text, '\n', at, 0)
  if (text.startsWith('/*', at)) return endOf(text, '*/', at + 2, 2)
  if (text[at] !== '"') return at
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
    else if (text[i] === '\n') return i // never closed: Prisma's strings end with their line
  }
  return text.length
}

function endOf(text: string, mark: string, from: number, width: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found + width
}

/** Where the bracket closes that was opened before `from`, whatever strings and comments hold. */
export function closingOf(text: string, from: number, [open, close]: '{}' | '()'): number {
  let depth = 1
  for (let at = from; at < text.length; ) {
    const behind = skipCommentOrString(text, at)
    if (behind > at) {
      at = behind
      continue
    }
    if (text[at] === open) depth++
    if (text[at] === close && --depth === 0) return at
    at++
  }
  return text.length
}

const KINDS: readonly string[] = ['model', 'enum', 'type', 'view', 'generator', 'datasource'] satisfies BlockKind[]

function isBlockKind(word: string | undefined): word is BlockKind {
  return word !== undefined && KINDS.includes(word)
}
