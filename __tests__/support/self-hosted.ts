import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { repository } from './paths.mjs'
import { Project } from './project.js'

/** The releases of examples/self-hosted: what each consists of, and which customers it knows. */

export type Provider = 'sqlite' | 'postgresql'

/** The version of the newest migration or task of each release. */
const NEWEST: Readonly<Record<number, string>> = {
  1: '20260105090000',
  2: '20260209093000',
  3: '20260309090000',
  4: '20260413094000',
  5: '20260511090000',
}

export const LAST = 5

/** The columns of customers that the app of a release writes. */
const COLUMNS: Readonly<Record<number, readonly string[]>> = {
  1: ['name', 'email', 'address'],
  2: ['name', 'email', 'address', 'slug'],
  3: ['name', 'email', 'address', 'slug'],
  4: ['name', 'email', 'address', 'slug', 'domain', 'street', 'city', 'latitude', 'longitude'],
  5: ['name', 'email', 'slug', 'domain', 'street', 'city', 'latitude', 'longitude'],
}

/** Two of the customers live at the same address. */
const CUSTOMERS = [
  ['Ada Byron', 'ada@acme.example', 'Unter den Linden 5, Berlin', 'ada-byron-1', 'acme.example'],
  ['Bo Li', 'bo@Example.com', "Rue de l'Ecole 9, Paris", 'bo-li-2', 'example.com'],
  ['Cy', 'cy@acme.example', 'Unter den Linden 5, Berlin', 'cy-3', 'acme.example'],
  ['Dee van Dam', 'dee@example.com', 'Domplein 1, Utrecht', 'dee-van-dam-4', 'example.com'],
].map(([name, email, address = '', slug, domain]) => ({ name, email, address, slug, domain }))

/** What the geocoder knows, by address. */
export const PLACES: Readonly<Record<string, Record<string, string | number>>> = {
  'Domplein 1, Utrecht': { street: 'Domplein 1', city: 'Utrecht', latitude: 52.0907, longitude: 5.1214 },
  "Rue de l'Ecole 9, Paris": { street: "Rue de l'Ecole 9", city: 'Paris', latitude: 48.8566, longitude: 2.3522 },
  'Unter den Linden 5, Berlin': { street: 'Unter den Linden 5', city: 'Berlin', latitude: 52.5171, longitude: 13.3889 },
}

const known = CUSTOMERS.map(
  (customer): Readonly<Record<string, string | number | undefined>> => ({
    ...customer,
    ...PLACES[customer.address],
  }),
)

/** The customers, as they are after the last release: id, then the columns of that release. */
export const CUSTOMERS_AT_LAST = known.map((customer, index) => [
  index + 1,
  ...(COLUMNS[LAST] ?? []).map((column) => customer[column]),
])

export const SELECT_CUSTOMERS = `SELECT ${['id', ...(COLUMNS[LAST] ?? [])].map((name) => `"${name}"`).join(', ')} FROM "Customer" ORDER BY "id"`

/** Inserts the customers as the app of a release does. */
export function insertCustomers(release: number): string {
  const columns = COLUMNS[release] ?? []
  const literal = (value: string | number | undefined) =>
    typeof value === 'number' ? String(value) : `'${value?.replaceAll("'", "''")}'`
  const rows = known.map((customer) => `(${columns.map((column) => literal(customer[column])).join(', ')})`)
  return `INSERT INTO "Customer" (${columns.map((column) => `"${column}"`).join(', ')}) VALUES ${rows.join(', ')}`
}

/** A release as it was shipped: its migrations, its tasks, and a client of its own schema. */
export async function releaseProject(release: number, provider: Provider): Promise<Project> {
  const project = await Project.example('self-hosted')
  for (const folder of [`prisma/${provider}/migrations`, 'prisma/after-party'])
    for (const name of await readdir(project.path(folder)))
      if (/^\d/.test(name) && name.slice(0, 14) > (NEWEST[release] ?? '')) await project.delete(`${folder}/${name}`)
  if (release !== LAST) {
    const schema = `prisma/${provider}/schema.prisma`
    const fixture = path.join(repository, '__tests__', 'fixtures', 'self-hosted', `${release}.prisma`)
    const model = (await readFile(fixture, 'utf8')).trim()
    await project.write(
      schema,
      (await project.read(schema)).replace(/model Customer \{[\s\S]*?\n\}/, () => model),
    )
  }
  project.env = { DATABASE_PROVIDER: provider }
  const { code, stderr } = await project.prisma('generate')
  if (code !== 0) throw new Error(`prisma generate of release ${release} on ${provider}: ${stderr}`)
  return project
}

/** All ways from one release to the last, in order: each is the releases that a customer installs. */
export function pathsFrom(first: number): number[][] {
  if (first === LAST) return [[LAST]]
  const nexts = Array.from({ length: LAST - first }, (_, index) => first + 1 + index)
  return nexts.flatMap((next) => pathsFrom(next).map((rest) => [first, ...rest]))
}
