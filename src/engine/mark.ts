import { describeOwner } from '../attempt/owner.js'
import { isEveryDeploy } from '../define/definition.js'
import { AfterPartyError } from '../define/errors.js'
import type { ListedRecord, TaskRecord } from '../ledger/contract.js'
import { isHeld } from '../ledger/contract.js'
import type { TaskFile } from '../project/task-files.js'
import { endDeadRun } from './dead-attempt.js'
import type { Engine } from './engine.js'
import { faultsError, loadDefinitions, resolveNames } from './prepare.js'

/** The options of `mark`. Pass exactly one of `names`, `all` and `before`. */
export interface MarkOptions {
  as: 'done' | 'skipped' | 'pending'
  names?: readonly string[]
  /** All task files. */
  all?: boolean
  /** All task files older than this version. */
  before?: string
}

/** A task that `mark` changed. */
export interface Marked {
  version: string
  name: string
  from: TaskRecord['status'] | null
  to: MarkOptions['as'] | 'recurring'
}

/**
 * Writes records by hand, without running anything: baselines and repairs. Throws, before anything is written,
 * `tasks-invalid` when file names are not right, and `held` when one of the tasks runs somewhere.
 */
export async function mark(engine: Engine, options: MarkOptions): Promise<Marked[]> {
  const { ledger, source, owner } = engine
  const [{ files, faults }, records] = await Promise.all([source.list(), ledger.records()])
  // Of two files with one version or one name, nobody can say which is meant.
  if (faults.length > 0) throw faultsError(faults, source.place)
  const byVersion = new Map(records.map((record) => [record.version, record]))
  const versions = select(options, files, records)
  const now = await ledger.now()
  for (const record of records) if (versions.has(record.version) && isHeld(record, now)) throw heldError(record)
  const names = new Map([...records, ...files].map(({ version, name }) => [version, name]))
  const everyDeploy = options.as === 'done' ? await everyDeployOf(engine, files, versions) : new Set<string>()
  const marked: Marked[] = []
  for (const version of [...versions].sort()) {
    const record = byVersion.get(version) ?? null
    const name = names.get(version) ?? ''
    const as = everyDeploy.has(version) ? 'recurring' : options.as
    if ((record?.status ?? 'pending') === as) continue
    const before = record && (await ledger.record(version))
    const written = await ledger.mark(record, { version, name, status: as, at: new Date(now), owner })
    if (!written) throw changedError(name)
    if (before) await endDeadRun(ledger, before, { fence: before.fence + 1, startedAt: new Date(now) })
    marked.push({ version, name, from: record?.status ?? null, to: as })
  }
  return marked
}

function select(
  { names, all, before }: MarkOptions,
  files: readonly TaskFile[],
  records: readonly ListedRecord[],
): Set<string> {
  if (all) return new Set(files.map(({ version }) => version))
  if (before !== undefined) return new Set(files.map(({ version }) => version).filter((version) => version < before))
  return resolveNames(names ?? [], files, records, { recordsToo: true })
}

function heldError(record: ListedRecord): AfterPartyError {
  return new AfterPartyError('held', {
    what: `${record.name} is running${record.owner === null ? '' : ` (${describeOwner(record.owner)})`}.`,
    next: 'Nothing was marked. Wait for it to finish. If its process died, its claim expires with its lease.',
  })
}

function changedError(name: string): AfterPartyError {
  return new AfterPartyError('held', {
    what: `${name} changed while it was being marked.`,
    next: 'Check `npx after-party status`, then run the command again.',
  })
}

/** An everyDeploy task is never done: as if it had run, it is recurring. A file that can't be loaded tells nothing. */
async function everyDeployOf(
  { source }: Engine,
  files: readonly TaskFile[],
  versions: ReadonlySet<string>,
): Promise<Set<string>> {
  const chosen = files.filter(({ version }) => versions.has(version))
  const { definitions } = await loadDefinitions(source, chosen)
  return new Set([...definitions].filter(([, definition]) => isEveryDeploy(definition)).map(([version]) => version))
}
