import { type Client, delegateOf, type ReadDelegate } from '../../prisma/client.js'
import { withoutExtensions } from '../../prisma/extensions.js'
import { describeKey, type Key, keyOf, nameOf, oneOf, type Range } from '../rows/keys.js'
import { CursorError, nextPage, type Walk } from '../rows/pages.js'
import type { WalkedModel } from '../rows/walked-model.js'
import { statementsOf } from './bulk-update.js'
import type { ChangeGroup, Dialect, Statement } from './dialect.js'

/** A list of keys in a message ends there. */
const NAMED = 10

const UNCHANGED = 'unchanged: a trigger, a rule or a policy of the database prevents the update'

/** Rows that the database keeps as they are, and no error says so. What was written beside them must be taken back. */
export class RowsRefused extends Error {
  /** By their keys, as people read them: what each is skipped with. */
  readonly rows: ReadonlyMap<string, string>

  constructor(fields: readonly string[], keys: readonly Key[]) {
    const names = keys.map((key) => describeKey(fields, key))
    const more = names.length > NAMED ? ' and more' : ''
    super(
      names.length === 1
        ? `row ${names[0]}: the database left it ${UNCHANGED}`
        : `rows ${names.slice(0, NAMED).join('; ')}${more}: the database left them ${UNCHANGED}`,
    )
    this.rows = new Map(names.map((name) => [name, `the database left it ${UNCHANGED}`]))
  }
}

/** Where to look for rows that a statement did not change. */
export interface Look {
  dialect: Dialect
  fields: readonly string[]
  delegate: ReadDelegate
  /** Runs a statement; how many rows it changed. */
  execute(statement: Statement): Promise<number>
  /** Runs a query that counts. */
  count(statement: Statement): Promise<number>
  /** How many refused rows to look for, at most. */
  most: number
}

/** Looks for rows with what wrote them: in its transaction, or else where it wrote. */
export function lookThrough(
  { writer, reader }: { writer: Client; reader: Client },
  dialect: Dialect,
  { model, walk: { fields } }: { model: WalkedModel; walk: Pick<Walk, 'fields'> },
  most: number,
): Look {
  // What a team does to raw statements is for its own.
  const [write, read] = [withoutExtensions(writer), withoutExtensions(reader)]
  return {
    dialect,
    fields,
    most,
    delegate: delegateOf(reader, model),
    execute: ({ sql, parameters }) => write.$executeRawUnsafe(sql, ...parameters),
    async count({ sql, parameters }) {
      const [{ n } = {}] = await read.$queryRawUnsafe(sql, ...parameters)
      return Number(n)
    },
  }
}

/**
 * What became of the rows of a group, of which fewer were changed than there are: the keys of those that are gone.
 * Throws when some are still there as they were.
 */
export async function lookInto(group: ChangeGroup, changed: number, look: Look): Promise<Key[]> {
  const { dialect, fields, delegate, most } = look
  const found = await namesOf(delegate, fields, group.rows)
  const isThere = ({ key }: ChangeGroup['rows'][number]) => found.has(nameOf(key))
  const there = group.rows.filter(isThere)
  if (changed < there.length) {
    const sum = async (statements: readonly Statement[], run: (statement: Statement) => Promise<number>) => {
      let rows = 0
      for (const statement of statements) rows += await run(statement)
      return rows
    }
    // Other values than were written may be a trigger's. Then, written once more, the row counts.
    const differing = await countedNot(there, most, (rows) =>
      sum(statementsOf(dialect, { ...group, rows }, dialect.landed), look.count),
    )
    if (differing.length > 0 && !dialect.vetoes) throw notFound(fields, differing[0]?.key ?? [])
    const refused = await countedNot(differing, most, (rows) =>
      sum(statementsOf(dialect, { ...group, rows }), look.execute),
    )
    if (refused.length > 0)
      throw new RowsRefused(
        fields,
        refused.map(({ key }) => key),
      )
  }
  return group.rows.filter((row) => !isThere(row)).map(({ key }) => key)
}

/** The rows that a count does not count, found by halves, in order; at most so many. */
export async function countedNot<Item>(
  items: readonly Item[],
  most: number,
  count: (items: readonly Item[]) => Promise<number>,
): Promise<Item[]> {
  if (items.length === 0 || most <= 0) return []
  const counted = await count(items)
  if (counted >= items.length) return []
  if (counted === 0) return items.slice(0, most)
  const half = Math.ceil(items.length / 2)
  const first = await countedNot(items.slice(0, half), most, count)
  return [...first, ...(await countedNot(items.slice(half), most - first.length, count))]
}

/**
 * Throws unless the rows of keys that are not found are gone. A key that comes back from the database other than it
 * is there (a date in another text, a time with microseconds) finds no row, and the checkpoint would pass it.
 */
export async function demandGone(
  keys: readonly Key[],
  delegate: ReadDelegate,
  walk: Walk,
  { range, size }: { range: Range; size: number },
): Promise<void> {
  const { fields } = walk
  const { rows } = await nextPage(delegate, walk, range, size)
  const given = new Set(keys.map(nameOf))
  const unfound = rows.map((row) => keyOf(fields, row)).find((key) => given.has(nameOf(key)))
  if (unfound) throw notFound(fields, unfound)
}

function notFound(fields: readonly string[], key: Key): CursorError {
  return new CursorError(
    `a row can't be found by its ${fields.join(', ')} (${describeKey(fields, key)}): it is stored in another format than Prisma writes. Set \`cursor\` to another field`,
  )
}

/** Databases take 1,000 parts of a condition, or some thousand values; a page may have more rows. */
const AT_ONCE = 200

/** The names of those of these rows that a client finds by their keys: asked until none more comes, for it may give few. */
async function namesOf(
  delegate: ReadDelegate,
  fields: readonly string[],
  rows: readonly { key: Key }[],
): Promise<Set<string>> {
  const names = new Set<string>()
  const select = Object.fromEntries(fields.map((field) => [field, true]))
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    let missing = rows.slice(at, at + AT_ONCE).map(({ key }) => key)
    for (let before = missing.length + 1; missing.length > 0 && missing.length < before; ) {
      before = missing.length
      for (const row of await delegate.findMany({ where: oneOf(fields, missing), select }))
        names.add(nameOf(keyOf(fields, row)))
      missing = missing.filter((key) => !names.has(nameOf(key)))
    }
  }
  return names
}
