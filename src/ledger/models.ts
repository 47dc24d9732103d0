import { AfterPartyError } from '../define/errors.js'
import { OUTDATED } from '../prisma/database-errors.js'
import { fieldsOf } from '../prisma/internals.js'

/** A model of the ledger and the table behind it. */
export const LEDGER_MODELS = [
  { key: 'record', model: 'AfterPartyTaskRecord', table: 'after_party_task_records' },
  { key: 'run', model: 'AfterPartyTaskRun', table: 'after_party_task_runs' },
] as const

/** The name of a ledger model. */
export type LedgerModel = (typeof LEDGER_MODELS)[number]['model']

/** What one release of After Party added to a model of the ledger. */
export interface LedgerAddition {
  fields: readonly string[]
  /** As they are written: `@@index([startedAt])`. */
  attributes: readonly string[]
}

/**
 * What the models gained since their first release, the oldest addition first. Everything in here is optional or has a
 * default, so that a ledger with rows in it can be migrated.
 */
export const LEDGER_ADDITIONS: Record<LedgerModel, readonly LedgerAddition[]> = {
  AfterPartyTaskRecord: [
    {
      fields: [
        ...['partOf', 'part', 'reason', 'reasonText', 'checkpoint', 'changedMeanwhile', 'skippedRows', 'state'],
        ...['params', 'lane', 'seenAt', 'request', 'requestedBy', 'requestedAt', 'requestReason', 'runner'],
      ],
      attributes: [],
    },
  ],
  AfterPartyTaskRun: [
    {
      fields: ['part', 'reason', 'reasonText', 'changedMeanwhile', 'skippedRows', 'params', 'runner'],
      attributes: ['@@index([startedAt])'],
    },
  ],
}

/** Throws `ledger-outdated` for a client whose ledger is the one of an older release. Further columns are fine. */
export function demandColumns(client: object): void {
  const missing = LEDGER_MODELS.flatMap(({ model }) => {
    const known = fieldsOf(client, model)
    const needed = LEDGER_ADDITIONS[model].flatMap(({ fields }) => fields)
    return known ? needed.filter((name) => !known.has(name)).map((name) => `${model}.${name}`) : []
  })
  if (missing.length === 0) return
  const why = `The Prisma client does not have ${missing.join(', ')}.`
  throw new AfterPartyError('ledger-outdated', { ...OUTDATED, why })
}
