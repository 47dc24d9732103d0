import type { MigrationText } from './gate-tasks.js'

/** A column or table that a task asked for, and the migration that adds it. */
export interface NotThereYet {
  name: string
  migration: string
}

/** What databases and Prisma say of a column or a table that they don't know, with its name. */
const MISSING = [
  /The (?:column|table) `([^`]+)` does not exist in the current database/i,
  /\bno such (?:column|table): ([\w."`]+)/i,
  /\b(?:column|relation) "?([\w.]+)"? (?:of relation "?\w+"? )?does not exist/i,
  /Unknown column '([^']+)'/i,
  /Table '([^']+)' doesn't exist/i,
]

/**
 * What a task could not find because a migration that is applied later adds it: the client is generated from the newest
 * schema. Undefined for other errors, and where no pending migration has the name. Pure.
 */
export function notThereYet(error: string, pending: readonly MigrationText[]): NotThereYet | undefined {
  for (const pattern of MISSING) {
    const name = pattern.exec(error)?.[1]?.replaceAll(/["`]/g, '').split('.').at(-1)
    if (name === undefined) continue
    const word = new RegExp(`(?<![\\w$])${name.replaceAll(/[^\w]/g, '\\$&')}(?![\\w$])`, 'i')
    const adding = pending.find(({ sql }) => word.test(sql))
    if (adding) return { name, migration: adding.name }
  }
  return undefined
}
