import { shownPath } from '../shown-path.js'
import { type Insertion, withInsertions } from './insertion.js'

/** A file that init writes. It only ever creates files and inserts lines into them. */
export interface PlannedFile {
  /** Absolute. */
  path: string
  /** As messages show it: from the project's root, with forward slashes. */
  name: string
  action: 'create' | 'insert'
  /** What is there; empty for a file to be created. */
  before: string
  /** What goes in, in the order of the file. */
  insertions: readonly Insertion[]
  after: string
}

/** A file to create, where there is no text before, or to insert into. */
export function planned(
  root: string,
  path: string,
  before: string | undefined,
  insertions: readonly Insertion[],
): PlannedFile {
  const action = before === undefined ? 'create' : 'insert'
  const after = withInsertions(before ?? '', insertions)
  return { path, name: shownPath(path, root), action, before: before ?? '', insertions, after }
}

/** A plan as a diff: every file with the lines it gains. */
export function planDiff({ files }: { files: readonly PlannedFile[] }): string {
  return files
    .map(({ name, action, before, insertions }) => {
      const head = action === 'create' ? ['--- /dev/null', `+++ ${name}`] : [`--- ${name}`, `+++ ${name}`]
      let gained = 0
      const hunks = insertions.flatMap((insertion) => {
        const { from, removed, lines } = hunkOf(before, insertion)
        const into = from + gained + (removed.length === 0 ? 1 : 0)
        gained += lines.length - removed.length
        const changed = [...removed.map((l) => `-${l}`), ...lines.map((l) => `+${l}`)]
        return changed.length === 0 ? [] : [`@@ -${from},${removed.length} +${into},${lines.length} @@`, ...changed]
      })
      return `${[...head, ...hunks].join('\n')}\n`
    })
    .join('\n')
}

interface Hunk {
  from: number
  removed: string[]
  lines: string[]
}

function hunkOf(before: string, { at, text }: Insertion): Hunk {
  const above = before.slice(0, at)
  const lineStart = above.lastIndexOf('\n') + 1
  const rest = /^[^\r\n]*/.exec(before.slice(at))?.[0] ?? ''
  // In a line, which is another one then.
  if (lineStart < at && at < before.length) {
    const line = before.slice(lineStart, at)
    return {
      from: above.split('\n').length,
      removed: [line + rest],
      lines: (line + text + rest).split(/\r?\n/),
    }
  }
  // What completes a last line that was not ended adds no line of its own.
  const added = above !== '' && !above.endsWith('\n') ? text.replace(/^\r?\n/, '') : text
  const from = above.split('\n').length - (above.endsWith('\n') || above === '' ? 1 : 0)
  return { from, removed: [], lines: added === '' ? [] : added.replace(/\r?\n$/, '').split(/\r?\n/) }
}
