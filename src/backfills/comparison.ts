import { isDeepStrictEqual } from 'node:util'
import type { Row } from '../prisma/client.js'
import { isComputed } from '../prisma/extensions.js'
import type { Walk } from './rows/pages.js'
import type { Walked } from './rows/target.js'
import type { Column, WalkedModel } from './rows/walked-model.js'
import type { Change } from './write/bulk-update.js'

/**
 * What the write of a batch compares with the rows as they were read, so that it overwrites nothing that somebody else
 * wrote in between: what `update` saw, what `where` asks about, and what is written.
 */
export class Comparison {
  readonly #model: WalkedModel
  readonly #walk: Walk
  readonly #client: object
  /** What `where` names: fields, and what is in other models. */
  readonly #asked: readonly string[]
  /** Fields to read beside those that the team asked for. */
  readonly #beside: Set<string>
  /** Fields that were found to differ from what was read although nobody had changed them. */
  readonly #left = new Set<string>()

  constructor({ model, walk }: Walked, client: object) {
    this.#model = model
    this.#walk = walk
    this.#client = client
    const { fields, select } = walk
    this.#asked = [...new Set(namesIn(walk.where))]
    const asked = this.#asked.filter((field) => model.columns.has(field))
    this.#beside = new Set(asked.filter((field) => !fields.includes(field) && !select?.[field]))
  }

  /** The walk, with what is compared in its pages. */
  get walk(): Walk {
    const { select } = this.#walk
    const beside = [...this.#beside]
    if (!select) return { ...this.#walk, beside }
    return { ...this.#walk, select: { ...select, ...Object.fromEntries(beside.map((field) => [field, true])) } }
  }

  /** What the rows of a page are compared with. They themselves are left with what `update` is to see. */
  see(rows: readonly Row[]): Row[] {
    return rows.map((row) => {
      const seen = { ...row }
      if (this.#walk.select) for (const field of this.#beside) delete row[field]
      return seen
    })
  }

  /** Takes care that what changes set is read from now on; true where some of it was not. */
  adopt(changes: readonly Change[]): boolean {
    const before = this.#beside.size
    for (const { data, seen = {} } of changes)
      for (const field of Object.keys(data))
        if (data[field] !== undefined && this.#model.columns.has(field) && !(field in seen)) this.#beside.add(field)
    return this.#beside.size > before
  }

  /** The columns to compare, of those that were read and that can be compared. */
  columns(changes: readonly Change[], canCompare: (column: Column) => boolean): Column[] {
    const [{ seen = {} } = {}] = changes
    return [...this.#model.columns.values()].filter(
      ({ field }) => field in seen && !this.#walk.fields.includes(field) && this.#isCompared(field, canCompare),
    )
  }

  /** Whether nothing that `update` sees, or that `where` asks about, can change without being noticed. */
  coversAll(canCompare: (column: Column) => boolean): boolean {
    const { fields, select } = this.#walk
    const seen = select ? Object.keys(select).filter((field) => select[field]) : [...this.#model.columns.keys()]
    return [...seen, ...this.#asked].every((field) => fields.includes(field) || this.#isCompared(field, canCompare))
  }

  #isCompared(field: string, canCompare: (column: Column) => boolean): boolean {
    const column = this.#model.columns.get(field)
    return (
      column !== undefined &&
      !this.#left.has(field) &&
      !isComputed(this.#client, this.#model.key, field) &&
      canCompare(column)
    )
  }

  /** From now on, a field is not compared. */
  leave(field: string): void {
    this.#left.add(field)
  }
}

/** Whether a row still is as it was seen, as far as it is compared. */
export function isAsSeen(seen: Row, now: Row, columns: readonly Column[]): boolean {
  return columns.every(({ field }) => isDeepStrictEqual(seen[field], now[field]))
}

const LOGIC = new Set(['AND', 'OR', 'NOT'])

/** What a `where` names: fields, those that it compares them with, relations, and unique keys of several fields. */
function namesIn(where: unknown): string[] {
  if (Array.isArray(where)) return where.flatMap(namesIn)
  if (typeof where !== 'object' || where === null) return []
  return Object.entries(where).flatMap(([name, condition]) =>
    LOGIC.has(name) ? namesIn(condition) : [name, ...referencesIn(condition)],
  )
}

/** The fields that a condition compares with: `prisma.post.fields.title`. */
function referencesIn(condition: unknown): string[] {
  if (typeof condition !== 'object' || condition === null) return []
  const { modelName, name } = condition as { modelName?: unknown; name?: unknown }
  if (typeof modelName === 'string' && typeof name === 'string') return [name]
  return Object.values(condition).flatMap(referencesIn)
}
