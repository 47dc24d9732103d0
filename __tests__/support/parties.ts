/**
 * The engine on a real database, in this process: several parties of tasks, each with clients of its own, as several
 * processes have them.
 *
 *     await using stage = await Stage.open(variant)
 *     const party = stage.party({ '20260101000000_first': task(async ({ prisma }) => …) })
 *     const running = stage.run(party, { lease: 500 })
 *     await running.saw('started')
 *     const { outcome, results } = await running.ended
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PrismaClientLike } from '../../src/define/config.js'
import type { RunEvent, RunResult } from '../../src/define/events.js'
import { defineTask, type Task, type TaskContext, type TaskDefinition } from '../../src/define/task.js'
import { type AfterParty, type AfterPartyOptions, createAfterParty, type PartyRunOptions } from '../../src/party.js'
import { createDatabase, type Database, type TestClient, type VariantName } from './databases.js'

/** What a task of these tests is given: the client's type is not known before the tests run. */
export type Context = Omit<TaskContext, 'prisma'> & { prisma: TestClient }

/** A task of these tests. */
export function task(run: (context: Context) => unknown, options: Omit<Task, 'run'> = {}): TaskDefinition {
  return defineTask({ ...options, run: run as never })
}

/** A run that goes on while the test does something else. */
export interface Running {
  /** The first event of a kind, also when it is over already. Rejects when the run ends without it. */
  saw<Type extends RunEvent['type']>(type: Type): Promise<Extract<RunEvent, { type: Type }>>
  readonly events: readonly RunEvent[]
  readonly ended: Promise<RunResult>
}

/** What a record's row looks like from outside. */
export interface RecordRow {
  status: string
  fence: number
  attempts: number
  owner: string | null
  error: string | null
  leaseUntil: Date | null
  reason: string | null
  reasonText: string | null
  state: string | null
  request: string | null
  lane: string | null
}

/** One database, and parties on it. */
export class Stage implements AsyncDisposable {
  readonly database: Database
  /** A look from outside. */
  readonly client: TestClient
  readonly #parties: AfterParty[] = []

  private constructor(database: Database) {
    this.database = database
    this.client = database.client()
  }

  static async open(variant: VariantName): Promise<Stage> {
    return new Stage(await createDatabase(variant))
  }

  /** One more process's party. Its clients are its own, unless the options say otherwise. */
  party(tasks: Record<string, TaskDefinition>, options: Partial<AfterPartyOptions> = {}): AfterParty {
    const client = () => this.database.client() as unknown as PrismaClientLike
    const party = createAfterParty({ client, tasks, environment: 'test', lease: '1s', grace: '1s', ...options })
    this.#parties.push(party)
    return party
  }

  run(party: AfterParty, options: PartyRunOptions = {}): Running {
    const events: RunEvent[] = []
    const listeners = new Set<() => void>()
    const tell = () => {
      for (const listener of listeners) listener()
    }
    let over = false
    const ended = party
      .run({
        ...options,
        onEvent: (event) => {
          events.push(event)
          options.onEvent?.(event)
          tell()
        },
      })
      .finally(() => {
        over = true
        tell()
      })
    ended.catch(() => {})
    const saw = <Type extends RunEvent['type']>(type: Type) =>
      new Promise<Extract<RunEvent, { type: Type }>>((resolve, reject) => {
        const look = () => {
          const event = events.find((each) => each.type === type)
          if (event) resolve(event as Extract<RunEvent, { type: Type }>)
          else if (over) reject(new Error(`the run ended without ${type}: ${JSON.stringify(events)}`))
          else return
          listeners.delete(look)
        }
        listeners.add(look)
        look()
      })
    return { saw, events, ended }
  }

  /** The record of a task, by its version. */
  async record(version: string): Promise<RecordRow | undefined> {
    const { afterPartyTaskRecord } = this.client as unknown as {
      afterPartyTaskRecord: { findMany(args: object): Promise<RecordRow[]> }
    }
    return (await afterPartyTaskRecord.findMany({ where: { version } }))[0]
  }

  /** Takes a task from the process that has it, as one does that finds the lease over. */
  async steal(version: string): Promise<void> {
    const { afterPartyTaskRecord } = this.client as unknown as {
      afterPartyTaskRecord: { updateMany(args: object): Promise<{ count: number }> }
    }
    const data = { owner: 'thief:1:x', fence: { increment: 1 }, leaseUntil: new Date(Date.now() + 60_000) }
    const { count } = await afterPartyTaskRecord.updateMany({ where: { version, status: 'running' }, data })
    if (count !== 1) throw new Error('there was nothing to steal')
  }

  /** Makes a record that of a process that has a task and says nothing any more. */
  async dead(version: string, leaseMs: number): Promise<void> {
    const { afterPartyTaskRecord } = this.client as unknown as {
      afterPartyTaskRecord: {
        updateMany(args: object): Promise<{ count: number }>
        upsert(args: object): Promise<object>
      }
    }
    const leaseUntil = new Date(Date.now() + leaseMs)
    const data = { status: 'running', owner: 'older:1:x', fence: 7, attempts: 1, startedAt: new Date(), leaseUntil }
    await afterPartyTaskRecord.upsert({ where: { version }, create: { version, name: 'first', ...data }, update: data })
  }

  /** A heartbeat of that process, as the first release sends it. False: it has lost the task. */
  async beat(version: string, leaseMs: number): Promise<boolean> {
    const { afterPartyTaskRecord } = this.client as unknown as {
      afterPartyTaskRecord: { updateMany(args: object): Promise<{ count: number }> }
    }
    const where = { version, owner: 'older:1:x', fence: 7, status: 'running' }
    const data = { leaseUntil: new Date(Date.now() + leaseMs) }
    return (await afterPartyTaskRecord.updateMany({ where, data })).count === 1
  }

  /** Puts the last attempt at a task further into the past, ms. */
  async age(version: string, ms: number): Promise<void> {
    const { afterPartyTaskRecord } = this.client as unknown as {
      afterPartyTaskRecord: { updateMany(args: object): Promise<{ count: number }> }
    }
    const data = { finishedAt: new Date(Date.now() - ms) }
    await afterPartyTaskRecord.updateMany({ where: { version }, data })
  }

  /** The records of a backfill's parts. */
  async parts(version: string): Promise<RecordRow[]> {
    const { afterPartyTaskRecord } = this.client as unknown as {
      afterPartyTaskRecord: { findMany(args: object): Promise<RecordRow[]> }
    }
    return afterPartyTaskRecord.findMany({ where: { partOf: version } })
  }

  titles(): Promise<string[]> {
    return this.client.post.findMany({ orderBy: { id: 'asc' } }).then((posts) => posts.map(({ title }) => title))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A party whose connections hang takes its time.
    const closed = this.#parties.map((party) => party.close().catch(() => {}))
    await Promise.race([Promise.all(closed), sleep(1_000, undefined, { ref: false })])
    await this.database.drop()
  }
}

/** Where something waits until the test lets it through. */
export class Gate {
  open: () => void = () => {}
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve
  })
}

/** Where so many wait for each other, once for each of their meetings; who comes alone later goes on. */
export class Meeting {
  readonly #all: number
  #waiting: (() => void)[] = []
  #meetings = 0

  constructor(all: number) {
    this.#all = all
  }

  meet(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      const late = setTimeout(() => this.#let(), 2_000)
      if (this.#waiting.length === this.#all || this.#meetings > 0) {
        clearTimeout(late)
        this.#let()
      }
    })
  }

  #let(): void {
    this.#meetings += 1
    for (const go of this.#waiting.splice(0)) go()
  }
}

export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
