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
  /** Fields to read beside those that the team asked for. */
  readonly #beside: Set<string>
  /** Fields that were found to differ from what was read although nobody had changed them. */
  readonly #left = new Set<string>()

  constructor({ model, walk }: Walked, client: object) {
    this.#model = model
    this.#walk = walk
    this.#client = client
    const { fields, select } = walk
    const asked = [...fieldsIn(walk.where, model)]
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
      (column) =>
        column.field in seen &&
        !this.#walk.fields.includes(column.field) &&
        !this.#left.has(column.field) &&
        !isComputed(this.#client, this.#model.key, column.field) &&
        canCompare(column),
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

/** The fields of a model that a `where` asks about; not what it says of other models. */
function fieldsIn(where: unknown, model: WalkedModel): Set<string> {
  const fields = new Set<string>()
  const look = (condition: unknown): void => {
    if (Array.isArray(condition)) {
      for (const each of condition) look(each)
    } else if (typeof condition === 'object' && condition !== null) {
      for (const [name, value] of Object.entries(condition)) {
        if (LOGIC.has(name)) look(value)
        else if (model.columns.has(name)) fields.add(name)
      }
    }
  }
  look(where)
  return fields
}

const LOGIC = new Set(['AND', 'OR', 'NOT'])
