import { isFrame, ownFrames } from '../stack.js'
import { indent, type Terminal } from '../terminal.js'

/** What a task failed with. */
export interface Failure {
  error: string
  /** The error with where it was thrown. */
  stack: string | undefined
}

/**
 * The message of a failed task and, of its stack, what leads to the user's own code; with `verbose`, all of it.
 *
 * @example describeFailure({ error, stack }, { verbose: false, terminal: stderr }) // '  no slug\n    at run (prisma/after-party/…)'
 */
export function describeFailure(
  { error, stack = '' }: Failure,
  { verbose, terminal }: { verbose: boolean; terminal: Terminal },
): string {
  const [first = '', ...rest] = stack.split('\n')
  const frames = verbose ? rest.filter(isFrame) : ownFrames(rest)
  // `TypeError: x is not a function` says more than its message alone.
  const name = /^(?!PrismaClient)\w+(?<!^Error): /.exec(first)?.[0] ?? ''
  const told = first.startsWith(`${name}${error.split('\n')[0]}`) ? `${name}${error}` : error
  const lines = [terminal.style('red', told), ...frames.map((line) => terminal.style('dim', `  ${line.trim()}`))]
  return indent(lines.join('\n'))
}
