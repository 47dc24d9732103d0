import { isDecimal } from './keyset.js'
import type { Column } from './model.js'

/** A value that one statement can write, or the reason why it can't. */
export type Written = { value: unknown } | { unwritable: string }

/**
 * What a field's new value is, once Prisma's own ways of saying it are resolved: `{ set: x }` is x, `DbNull` is null.
 * Whatever depends on the row's old value, or has no plain counterpart, is left to Prisma's own update.
 */
export function plainValue(column: Column, given: unknown): Written {
  if (given === null) return { value: null }
  const nullWord = prismaNull(given)
  if (nullWord === 'DbNull') return { value: null }
  if (nullWord !== undefined) return { unwritable: `${nullWord} in ${column.field}` }
  if (column.type === 'Json') return { value: given }
  if (isUpdateOperation(given)) {
    const [name, operand] = Object.entries(given)[0] ?? []
    return name === 'set' ? plainValue(column, operand) : { unwritable: `${name} of ${column.field}` }
  }
  if (column.list)
    return Array.isArray(given) ? { value: given.map((one) => mapped(column, one)) } : { unwritable: column.field }
  if (typeof given === 'object' && !(given instanceof Date) && !(given instanceof Uint8Array) && !isDecimal(given))
    return { unwritable: column.field }
  return { value: mapped(column, given) }
}

function mapped(column: Column, value: unknown): unknown {
  return typeof value === 'string' ? (column.mappedValues.get(value) ?? value) : value
}

const OPERATIONS = new Set(['set', 'unset', 'increment', 'decrement', 'multiply', 'divide', 'push'])

function isUpdateOperation(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && OPERATIONS.has(keys[0] ?? '')
}

/** `Prisma.DbNull`, `JsonNull` and `AnyNull` are objects of a class in the user's client that tell their name. */
function prismaNull(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('_getName' in value)) return undefined
  return typeof value._getName === 'function' ? String(value._getName()) : undefined
}
