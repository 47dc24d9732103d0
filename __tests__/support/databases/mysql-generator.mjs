/**
 * A Prisma generator that writes `CREATE TABLE` for MySQL: the one thing that neither the WASM engine nor
 * `scripts/schema-engine` does. It covers what a test schema needs, as `prisma migrate diff` would write it.
 *
 * `prisma generate` speaks JSON-RPC with it: requests on stdin, answers on stderr, one a line.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** @typedef {import('@prisma/client/runtime/client').DMMF.Model} Model */
/** @typedef {Model['fields'][number] & { nativeType?: [string, string[]] | null }} Field */

/** @type {Record<string, string>} */
const TYPES = {
  String: 'VARCHAR(191)',
  Boolean: 'BOOLEAN',
  Int: 'INTEGER',
  BigInt: 'BIGINT',
  Float: 'DOUBLE',
  Decimal: 'DECIMAL(65, 30)',
  DateTime: 'DATETIME(3)',
  Json: 'JSON',
  Bytes: 'LONGBLOB',
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  const result = method === 'getManifest' ? { manifest: { defaultOutput: '.', prettyName: 'SQL' } } : generate(params)
  process.stderr.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
})

/** @param {any} params */
function generate({ dmmf, generator }) {
  const file = generator.output.value
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, toSql(dmmf.datamodel))
  return null
}

/** @param {any} datamodel */
function toSql({ models, enums, indexes }) {
  const statements = models.map((/** @type {Model} */ model) => {
    const scalars = /** @type {Field[]} */ (model.fields.filter((field) => field.kind !== 'object'))
    /** @param {string} name */
    const columnOf = (name) => scalars.find((field) => field.name === name)?.dbName ?? name
    /** @param {readonly string[]} names */
    const columns = (names) => `(${names.map((name) => quote(columnOf(name))).join(', ')})`
    const key = model.primaryKey?.fields ?? scalars.filter(({ isId }) => isId).map(({ name }) => name)
    const unique = [...scalars.filter(({ isUnique }) => isUnique).map(({ name }) => [name]), ...model.uniqueFields]
    const plain = indexes
      .filter((/** @type {any} */ index) => index.model === model.name && index.type === 'normal')
      .map((/** @type {any} */ index) => index.fields.map((/** @type {any} */ { name }) => name))
    const table = model.dbName ?? model.name
    return `CREATE TABLE ${quote(table)} (\n${[
      ...scalars.map((field) => columnSql(field, enums)),
      ...unique.map((names) => `UNIQUE INDEX ${quote(`${table}_${names.join('_')}_key`)}${columns(names)}`),
      ...plain.map(
        (/** @type {string[]} */ names) => `INDEX ${quote(`${table}_${names.join('_')}_idx`)}${columns(names)}`,
      ),
      ...(key.length > 0 ? [`PRIMARY KEY ${columns(key)}`] : []),
    ]
      .map((line) => `    ${line}`)
      .join(',\n')}\n) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n`
  })
  return statements.join('\n')
}

/** @param {Field} field @param {any[]} enums */
function columnSql(field, enums) {
  const values = enums.find(({ name }) => name === field.type)?.values
  const native = field.nativeType && `${nativeName(field.nativeType[0])}${parenthesised(field.nativeType[1])}`
  const type = values
    ? `ENUM(${values.map((/** @type {any} */ { name, dbName }) => `'${dbName ?? name}'`).join(', ')})`
    : (native ?? TYPES[field.type])
  return [quote(field.dbName ?? field.name), type, field.isRequired ? 'NOT NULL' : 'NULL', defaultSql(field)]
    .filter(Boolean)
    .join(' ')
}

/** `@db.UnsignedInt` is `Int UNSIGNED`. @param {string} name */
function nativeName(name) {
  return name.replace(/^Unsigned(\w+)$/, '$1 UNSIGNED')
}

/** @param {Field} field */
function defaultSql(field) {
  const { default: value } = field
  if (value === undefined) return ''
  if (typeof value !== 'object' || value === null)
    return `DEFAULT ${typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : value}`
  const { name } = /** @type {{ name: string }} */ (value)
  if (name === 'autoincrement') return 'AUTO_INCREMENT'
  return name === 'now' ? `DEFAULT CURRENT_TIMESTAMP(${field.nativeType?.[1][0] ?? 3})` : ''
}

/** @param {string[]} given */
function parenthesised(given) {
  return given.length > 0 ? `(${given.join(', ')})` : ''
}

/** @param {string} name */
function quote(name) {
  return `\`${name}\``
}
