import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AfterPartyError, codeOf, messageOf } from '../../define/errors.js'
import { asFileError } from '../file-error.js'
import { validateSchema } from '../schema/prisma-cli.js'
import type { InitPlan } from './plan-init.js'
import type { PlannedFile } from './planned-file.js'

/** What init did. */
export interface InitResult {
  /** The files written, as the plan names them. */
  written: string[]
  /** Whether Prisma accepts the schema; true as well when the schema was not touched. */
  validated: boolean
  /** Why Prisma could not be asked, when `validated` is false. */
  reason: string | undefined
}

/**
 * Does what `planInit` planned, and lets the project's own `prisma validate` judge the schema. Throws
 * `schema-refused`, with Prisma's message and every file put back byte for byte, when Prisma objects, and
 * `file-unusable` when the system refuses to write.
 */
export async function applyInit(plan: InitPlan, { env }: { env: NodeJS.ProcessEnv }): Promise<InitResult> {
  const undo: (() => Promise<void>)[] = []
  /** Puts all back that can be, and gives what could not. */
  const putBack = async (): Promise<string[]> => {
    const failed: string[] = []
    for (const step of undo.splice(0).reverse()) await step().catch((error) => failed.push(messageOf(error)))
    return failed
  }
  try {
    for (const file of plan.files) await write(file, undo)
    const verdict = await judge(plan, env)
    if (verdict.kind === 'refused') {
      const failed = await putBack()
      const already = (await judge(plan, env)).kind === 'refused'
      throw withRest(refusal(verdict.message, { already, restored: failed.length === 0 }), failed)
    }
    return {
      written: plan.files.map(({ name }) => name),
      validated: verdict.kind === 'valid',
      reason: verdict.kind === 'not-run' ? verdict.reason : undefined,
    }
  } catch (error) {
    throw withRest(asFileError(error), await putBack())
  }
}

/** The error that came first, and what is left of what init had begun. */
function withRest(error: unknown, failed: readonly string[]): unknown {
  if (failed.length === 0 || !(error instanceof AfterPartyError)) return error
  const rest = `Some files could not be restored:\n${failed.join('\n')}`
  return new AfterPartyError(error.code, {
    what: error.what,
    why: [error.why, rest].filter(Boolean).join('\n'),
    next: `Check the files first (\`git status\`). ${error.next ?? ''}`.trim(),
    cause: error,
  })
}

async function judge({ root, files, validation }: InitPlan, env: NodeJS.ProcessEnv) {
  if (!files.some(({ name }) => name.endsWith('.prisma'))) return { kind: 'valid' as const }
  return validateSchema(root, validation.schemaPath, { env, standIns: validation.standIns })
}

function refusal(message: string, { already, restored }: { already: boolean; restored: boolean }): AfterPartyError {
  return already
    ? new AfterPartyError('schema-refused', {
        what: `Prisma rejects the current schema${restored ? ', so nothing was changed' : ''}.`,
        why: message,
        next: 'Fix the schema until `npx prisma validate` passes, then run `npx after-party init` again.',
      })
    : new AfterPartyError('schema-refused', {
        what: `Prisma rejects the schema with the ledger in it${restored ? ', so all files were restored' : ''}.`,
        why: message,
        next: 'Fix what Prisma reports, then run `npx after-party init` again.',
      })
}

/** Writes one file; `undo` gains what takes it back, before anything is written. */
async function write({ path, action, before, after, name }: PlannedFile, undo: (() => Promise<void>)[]): Promise<void> {
  if (action === 'create') {
    const first = await mkdir(dirname(path), { recursive: true })
    if (first !== undefined) undo.push(() => removeEmpty(dirname(path), first))
    // What was there already is not ours to remove; what could be written in part is.
    await writeFile(path, after, { flag: 'wx' }).catch((error) => {
      if (codeOf(error) !== 'EEXIST') undo.push(() => rm(path, { force: true }))
      throw error
    })
    undo.push(() => rm(path, { force: true }))
    return
  }
  const bytes = await readFile(path)
  if (bytes.toString('utf8') !== before) {
    throw new AfterPartyError('schema-conflict', {
      what: `${name} was changed while init was running.`,
      next: 'Run `npx after-party init` again.',
    })
  }
  // What is not UTF-8 would not come back as it was.
  if (!Buffer.from(before).equals(bytes)) {
    throw new AfterPartyError('schema-refused', {
      what: `${name} is not valid UTF-8, so nothing was changed.`,
      next: 'Save it as UTF-8, then run `npx after-party init` again.',
    })
  }
  undo.push(() => writeFile(path, bytes))
  await writeFile(path, after)
}

/** Removes the directories from `path` up to `first`, as long as they are empty. */
async function removeEmpty(path: string, first: string): Promise<void> {
  for (let directory = path; directory.startsWith(first); directory = dirname(directory)) {
    const removed = await rmdir(directory).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}
