import type { DeployStep } from '../../src/deploy/deploy.js'
import { type CustomerDatabases, customerDatabases } from './customer-databases.js'
import { Geocoder } from './geocoder.js'
import type { Project, Ran } from './project.js'
import { insertCustomers, PLACES, type Provider, releaseProject, SELECT_CUSTOMERS } from './self-hosted.js'

/** What a deploy of a release did. */
export interface Deployed {
  release: number
  ms: number
  /** How often it called `prisma migrate deploy` for migrations. */
  segments: number
  /** The addresses that the geocoder answered for, in order. */
  asked: string[]
}

/** A customer's database after some releases. */
interface Installation {
  database: string
  deploys: readonly Deployed[]
}

/** The installations of customers on one provider, each made once: paths that begin alike are copies from there. */
export class Upgrades {
  readonly provider: Provider
  readonly databases: CustomerDatabases
  readonly geocoder: Geocoder
  readonly #projects = new Map<number, Project>()
  readonly #installations = new Map<string, Promise<Installation>>()

  private constructor(provider: Provider, databases: CustomerDatabases, geocoder: Geocoder) {
    this.provider = provider
    this.databases = databases
    this.geocoder = geocoder
  }

  static async open(provider: Provider, server?: string): Promise<Upgrades> {
    return new Upgrades(provider, customerDatabases(provider, server), await Geocoder.start(PLACES))
  }

  /** The project of a release. */
  async project(release: number): Promise<Project> {
    const project = this.#projects.get(release) ?? (await releaseProject(release, this.provider))
    this.#projects.set(release, project)
    return project
  }

  /** The installation after these releases. The first is a new install, after which its app writes the customers. */
  after(path: readonly number[]): Promise<Installation> {
    const name = path.join('_')
    const installation = this.#installations.get(name) ?? this.#install(name, path)
    this.#installations.set(name, installation)
    return installation
  }

  /** The built binary, in the project of a release, on a database. */
  async deploy(release: number, database: string): Promise<Ran> {
    const project = await this.project(release)
    project.env.DATABASE_URL = this.databases.url(database)
    project.env.GEOCODER_URL = this.geocoder.url
    return project.afterParty('deploy', '--json')
  }

  /** All that must be the same, whichever releases were skipped. */
  async end(database: string) {
    const query = (sql: string) => this.databases.query(database, sql)
    return {
      schema: await this.databases.schema(database),
      customers: await query(SELECT_CUSTOMERS),
      migrations: await query(
        'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY migration_name',
      ),
      tasks: await query('SELECT version, name, status FROM after_party_task_records ORDER BY version'),
    }
  }

  async close(): Promise<void> {
    await this.geocoder.stop()
    for (const project of this.#projects.values()) await project.remove()
    await this.databases.dropAll()
  }

  async #install(name: string, path: readonly number[]): Promise<Installation> {
    const release = path.at(-1) ?? 0
    const before = path.length > 1 ? await this.after(path.slice(0, -1)) : undefined
    await (before ? this.databases.copy(before.database, name) : this.databases.create(name))
    await this.project(release)
    const began = performance.now()
    const { code, stdout, stderr } = await this.deploy(release, name)
    if (code !== 0) throw new Error(`deploy of ${path.join(' → ')} on ${this.provider} ended with ${code}:\n${stderr}`)
    const { steps } = JSON.parse(stdout) as { steps: DeployStep[] }
    const segments = steps.filter((step) => 'migrations' in step && step.migrations.length > 0).length
    const asked = this.geocoder.takeAnswered()
    const deployed = { release, ms: performance.now() - began, segments, asked }
    if (!before) await this.databases.query(name, insertCustomers(release))
    return { database: name, deploys: [...(before?.deploys ?? []), deployed] }
  }
}
