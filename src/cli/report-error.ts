import { AfterPartyError, messageOf, withoutUrls } from '../define/errors.js'
import { describeThrown } from '../define/thrown.js'
import { asFileError } from '../project/file-error.js'
import { installedPackage } from '../project/schema/prisma-cli.js'
import { EXIT, exitCodeOfError } from './exit-codes.js'
import { issuesPage, type OwnPackage, ownPackage } from './own-package.js'
import { printJson } from './reporters/json.js'
import { asCalled } from './runner.js'
import { indent, stderr } from './terminal.js'

/** Says what was thrown, on stderr, and gives its exit code: the one door out. With `json`, stdout has it too. */
export function reportError(thrown: unknown, { json, verbose = false }: { json: boolean; verbose?: boolean }): number {
  const error = asFileError(thrown)
  const code = exitCodeOfError(error)
  if (json) {
    const { what, why, next } =
      error instanceof AfterPartyError ? inWords(error) : { what: messageOf(error), why: undefined, next: undefined }
    printJson('error', { error: { code: error instanceof AfterPartyError ? error.code : 'bug', what, why, next } })
  }
  if (error instanceof AfterPartyError) {
    const { what, why, next } = inWords(error)
    stderr.line(`${stderr.style('red', '✖')} ${what}`)
    if (why) stderr.line(indent(why))
    if (next) stderr.line(`→ ${next}`)
    if (verbose) stderr.line(`\n${describeThrown(error).stack}`)
  } else if (code === EXIT.bug) {
    reportBug(error, ownPackage())
  }
  return code
}

function inWords({ what, why, next }: AfterPartyError) {
  return { what, why, next: next === undefined ? undefined : asCalled(next) }
}

/** Asks for a report, with what it takes to look into it. */
export function reportBug(error: unknown, own: OwnPackage): void {
  const page = issuesPage(own)
  stderr.line(`${stderr.style('red', '✖')} This is a bug in After Party. Please report it with the lines below.`)
  stderr.line(indent(versions(own)))
  stderr.line(indent(withoutUrls(error instanceof Error ? (error.stack ?? error.message) : String(error))))
  stderr.line(`→ Include the command that you ran and what you expected.${page ? ` Report it here: ${page}` : ''}`)
}

function versions({ version }: OwnPackage): string {
  const prisma = installedPackage(process.cwd(), '@prisma/client')?.version ?? 'not found'
  return `after-party ${version}, Node ${process.versions.node}, Prisma ${prisma}, ${process.platform} ${process.arch}`
}
