import { randomBytes } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import pg from 'pg'
import { CommandFailed } from './command.mjs'
import { folderOf } from './row.mjs'

const SERVER = process.env.MATRIX_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres'

/** Why there is no PostgreSQL here; undefined if there is. @returns {Promise<string | undefined>} */
export async function postgresMissing() {
  try {
    await onServer('SELECT 1')
    return undefined
  } catch {
    return 'no PostgreSQL at MATRIX_POSTGRES_URL or 127.0.0.1:5432'
  }
}

/** A new database on the server. @returns {Promise<string>} its URL */
export async function createDatabase() {
  const name = `after_party_matrix_${randomBytes(4).toString('hex')}`
  await onServer(`CREATE DATABASE "${name}"`)
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  return url.href
}

/** @param {string} url */
export function dropDatabase(url) {
  return onServer(`DROP DATABASE IF EXISTS "${nameIn(url)}" WITH (FORCE)`)
}

/** Empties the project's database, as one that has never been deployed to. @param {import('./project.mjs').Project} project */
export async function forget(project) {
  const { url } = project.machine
  if (url === undefined) {
    for (const end of ['', '-journal', '-wal', '-shm']) await project.remove(`${databaseFile(project)}${end}`)
    return
  }
  await dropDatabase(url)
  await onServer(`CREATE DATABASE "${nameIn(url)}"`)
}

/** What is in the table of notes. @param {import('./project.mjs').Project} project @returns {Promise<string[]>} */
export async function textsIn(project) {
  const { url } = project.machine
  if (url !== undefined) {
    const { rows } = await query(
      url,
      `SELECT "text" FROM "${project.row.schemaOfNotes ?? 'public'}"."Note" ORDER BY "id"`,
    )
    return rows.map(({ text }) => text)
  }
  const file = databaseFile(project)
  if (!project.has(file)) throw new CommandFailed(`There is no ${file}`, '')
  const adapter = await new PrismaLibSql({ url: pathToFileURL(project.path(file)).href, timeout: 5000 }).connect()
  try {
    const { rows } = await adapter.queryRaw({ sql: 'SELECT "text" FROM "Note" ORDER BY "id"', args: [], argTypes: [] })
    return rows.map(([text]) => String(text))
  } finally {
    await adapter.dispose()
  }
}

/** @param {import('./project.mjs').Project} project */
function databaseFile({ row }) {
  return `${folderOf(row)}/${row.databaseFile ?? 'dev.db'}`
}

/** @param {string} url */
function nameIn(url) {
  return new URL(url).pathname.slice(1)
}

/** @param {string} statement */
function onServer(statement) {
  return query(SERVER, statement)
}

/** @param {string} url @param {string} statement */
async function query(url, statement) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}
