import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, messageOf, read } from '../define/errors.js'
import { describeThrown } from '../define/thrown.js'
import { shownPath } from './shown-path.js'

/** Why a module of the user's can't be loaded: what was thrown, and the file and line in the user's own code. */
export class LoadError extends Error {
  readonly code: string | undefined

  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.code = codeOf(cause)
  }
}

interface Place {
  file: string
  line: string
}

/** Makes a `LoadError` of what importing `file` threw. Where it happened stands in the stack, if anywhere. */
export async function asLoadError(thrown: unknown, file: string): Promise<LoadError> {
  const [, from, line, text] = TRANSFORM.exec(messageOf(thrown)) ?? []
  const message = relativePaths(text ?? messageOf(thrown))
  const place = from && line ? { file: from, line } : (placeIn(thrown) ?? (await placeOfSyntaxError(thrown, file)))
  const said = place ? `${message} (${shown(place)})` : message
  const hint = CLIENT_COMPONENT.test(message) ? [SERVER_ONLY] : []
  return new LoadError([said, ...(text === undefined ? causeOf(thrown, message) : []), ...hint].join('\n'), thrown)
}

/** What `server-only` throws outside of React's server, where a condition of Node's resolves it to nothing. */
const CLIENT_COMPONENT = /cannot be imported from a Client Component module/i
const SERVER_ONLY =
  'An imported module uses `server-only`. Run the command with NODE_OPTIONS=--conditions=react-server.'

/** What an error of the module's own says about why; who wraps an error often repeats its message. */
function causeOf(thrown: unknown, told: string): string[] {
  const cause = read(thrown, 'cause')
  if (cause === undefined || cause === null || told.includes(messageOf(cause))) return []
  return [`Caused by: ${relativePaths(describeThrown(cause).message)}`]
}

/** What esbuild says through tsx. */
const TRANSFORM = /^Transform failed with .*\n(.+?):(\d+):\d+: ERROR: (.*)/
const FIRST_LINE = /^(file:\/\/.+|\/.+|[A-Za-z]:[\\/].+):(\d+)$/
const FRAME = /^\s+at (?:.*? \(|async )?((?:file:\/\/|\/|[A-Za-z]:[\\/]).+):(\d+):\d+\)?$/

function placeIn(thrown: unknown): Place | undefined {
  const [first = '', ...frames] = (thrown instanceof Error ? (thrown.stack ?? '') : '').split('\n')
  const own = frames.find((frame) => FRAME.test(frame) && !/node:|node_modules|after-party[\\/]dist/.test(frame))
  const [, file, line] = FIRST_LINE.exec(first) ?? FRAME.exec(own ?? '') ?? []
  return file && line ? { file, line } : undefined
}

/** Node keeps the place of a syntax error in an ES module to itself, and tells it only on stderr. */
async function placeOfSyntaxError(thrown: unknown, file: string): Promise<Place | undefined> {
  if (!(thrown instanceof SyntaxError)) return undefined
  const said = await new Promise<string>((settle) => {
    execFile(process.execPath, ['--check', file], (_, _stdout, stderr) => settle(stderr))
  })
  const [, from, line] = FIRST_LINE.exec(said.split('\n')[0]?.trim() ?? '') ?? []
  return from && line ? { file: from, line } : undefined
}

function shown({ file, line }: Place): string {
  const absolute = file.startsWith('file:') ? fileURLToPath(file) : file
  return `${shownPath(absolute)}:${line}`
}

function relativePaths(message: string): string {
  return message.replaceAll(process.cwd() + path.sep, '')
}
