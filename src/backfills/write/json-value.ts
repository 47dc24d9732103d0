/** Keys that Prisma takes for words of its own, or loses. */
const OWN_KEYS = new Set(['$type', '__proto__', '__prismaRawParameters__'])

/**
 * Whether a value is plain JSON, so that it is written the same by Prisma's own update and by a raw statement: texts,
 * numbers that keep their digits, booleans, null inside, plain arrays and objects of such. Of all else (bytes,
 * Decimals, dates, `undefined`, `Prisma.JsonNull` inside) Prisma makes something of its own, or refuses it.
 */
export function isPlainJson(value: unknown, unrounded: boolean): boolean {
  if (value === null) return false
  // A number by itself passes through Prisma's engine, in every version.
  return typeof value === 'object' ? isPlain(value, unrounded) : isPlain(value, false)
}

function isPlain(value: unknown, unrounded: boolean): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return isWritten(value)
  if (typeof value === 'number') return unrounded ? Number.isFinite(value) : isWrittenAlike(value)
  if (Array.isArray(value)) {
    // Not `every`, which passes over holes.
    for (let at = 0; at < value.length; at += 1) if (!isPlain(value[at], unrounded)) return false
    return true
  }
  return isPlainObject(value) && Object.entries(value).every(([key, each]) => isWord(key) && isPlain(each, unrounded))
}

const isWord = (key: string) => !OWN_KEYS.has(key) && isWritten(key)

/** PostgreSQL keeps NUL in a column of type json, and takes none out of one where it reads our values. */
const isWritten = (text: string) => text.isWellFormed() && !text.includes('\0')

/** An object without a class, of this realm or another (Jest has its own), and without inherited properties. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype !== null && (Object.getPrototypeOf(prototype) !== null || Object.keys(prototype).length > 0))
    return false
  return Object.getOwnPropertySymbols(value).length === 0
}

/** Prisma's engine rounds to 16 digits, and writes small and large numbers otherwise than JavaScript does. */
function isWrittenAlike(value: number): boolean {
  if (Number.isSafeInteger(value)) return true
  const size = Math.abs(value)
  return keepsDigits(value) && size >= 1e-5 && size < 1e15
}

/** Whether a number is the same after Prisma's engine has rounded it to 16 digits. */
export function keepsDigits(value: number): boolean {
  return Number(value.toPrecision(16)) === value
}
