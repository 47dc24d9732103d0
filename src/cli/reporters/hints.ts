import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { hasOwnLoader } from '../../project/loader.js'
import { docsPage, ownPackage } from '../own-package.js'

const require = createRequire(import.meta.url)

/** A service that was not injected, as the code that uses it meets it, or as Nest says it. */
const NOT_INJECTED = /Cannot read properties of undefined|Nest can't resolve dependencies/

/** SQLite's words, as libsql and better-sqlite3 put them. */
const LOCKED_BY_ITSELF = /SQLITE_BUSY|database is locked/
const ONE_WRITER =
  'SQLite has one writer at a time. While the transaction of a task or of a batch is open, another client waits until it times out. Write with the `prisma` that the task gets.'

/** What a task's error leaves unsaid: why it may fail here and nowhere else in the project. Undefined mostly. */
export function hintFor(error: string, folder = process.cwd()): string | undefined {
  if (LOCKED_BY_ITSELF.test(error)) return ONE_WRITER
  if (!NOT_INJECTED.test(error) || hasOwnLoader() || !wantsMetadata(folder)) return undefined
  return `This project uses decorator metadata, which is missing in TypeScript tasks: services injected by their type are undefined. Run the compiled config and tasks, or inject by token: \`@Inject(Service)\`. See ${docsPage(ownPackage(), 'nestjs.md')}.`
}

function wantsMetadata(folder: string): boolean {
  const file = path.join(folder, 'tsconfig.json')
  // A word in comments is not worth a parser, but whatever is extended is.
  if (!existsSync(file) || !/"(extends|emitDecoratorMetadata)"/.test(readFileSync(file, 'utf8'))) return false
  const { parseTsconfig } = require('get-tsconfig') as typeof import('get-tsconfig')
  try {
    return parseTsconfig(file).compilerOptions?.emitDecoratorMetadata === true
  } catch {
    return false
  }
}
