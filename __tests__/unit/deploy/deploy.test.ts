import { describe, expect, test } from '@jest/globals'
import type { RunResult } from '../../../src/define/events.js'
import { type DeployParts, deploy, type Migrated } from '../../../src/deploy/deploy.js'

const DATABASE = { provider: 'sqlite', name: 'dev.db' }
const MIGRATIONS = ['a', 'b', 'c', 'd']
/** `b` requires task 2, `d` requires task 4. */
const GATES: Record<string, string> = { b: '2', d: '4' }
const TASKS = ['1', '2', '3', '4', '5']

/** A database as deploys see it, with a list of everything that happened to it. */
class World {
  readonly applied: string[] = []
  readonly done: string[] = []
  readonly happened: string[] = []
  fails: Record<string, RunResult['outcome']> = {}

  parts(override: Partial<DeployParts> = {}): DeployParts {
    return {
      look: async () => ({
        applied: [...this.applied],
        fresh: this.applied.length === 0,
        pending: MIGRATIONS.filter((name) => !this.applied.includes(name)).map((name) => {
          const version = GATES[name]
          if (version === undefined) return { name, gates: [] }
          const open = this.done.includes(version)
          return { name, gates: [{ version, name: `task${version}`, state: open ? 'done' : 'pending', open }] }
        }),
      }),
      migrate: async (names) => this.migrate(names),
      run: async (options) => this.run(options),
      emit: () => {},
      lockTimeoutMs: 10_000,
      signal: new AbortController().signal,
      ...override,
    }
  }

  migrate(names: readonly string[] | null): Migrated {
    for (const name of names ?? MIGRATIONS) {
      if (this.applied.includes(name)) continue
      this.applied.push(name)
      this.happened.push(name)
    }
    return { code: 0, busy: false }
  }

  run({ upTo }: { upTo?: string }): RunResult {
    for (const version of TASKS) {
      if (this.done.includes(version) || (upTo !== undefined && version > upTo)) continue
      const outcome = this.fails[version]
      if (outcome) return { outcome, results: [], database: DATABASE }
      this.done.push(version)
      this.happened.push(version)
    }
    return { outcome: 'done', results: [], database: DATABASE }
  }
}

const WHOLE = ['a', '1', '2', 'b', 'c', '3', '4', 'd', '5']

describe('a deploy', () => {
  test('applies migrations and runs tasks in the order that the gates demand', async () => {
    const world = new World()
    const { outcome, steps } = await deploy(world.parts())
    expect(outcome).toBe('done')
    expect(world.happened).toEqual(WHOLE)
    expect(steps.map((step) => ('run' in step ? 'run' : step.migrations.join('')))).toEqual([
      ...['a', 'run', 'bc', 'run', 'd', 'run'],
    ])
  })

  test('ends in the same state wherever one before it was killed', async () => {
    for (let killedAt = 0; killedAt <= WHOLE.length; killedAt += 1) {
      const world = new World()
      const kill = () => {
        if (world.happened.length >= killedAt) throw new Error('killed')
      }
      const dying = world.parts({
        migrate: async (names) => {
          kill()
          for (const name of names ?? MIGRATIONS) {
            kill()
            world.migrate([name])
          }
          return { code: 0, busy: false }
        },
        run: async ({ upTo }) => {
          kill()
          for (const version of TASKS.filter((each) => upTo === undefined || each <= upTo)) {
            kill()
            world.run({ upTo: version })
          }
          return { outcome: 'done', results: [], database: DATABASE }
        },
      })
      await deploy(dying).catch(() => {})
      expect((await deploy(world.parts())).outcome).toBe('done')
      expect(world.happened).toEqual(WHOLE)
    }
  })

  test('says of every run whether the database was new when it began', async () => {
    const world = new World()
    const fresh: boolean[] = []
    const run: DeployParts['run'] = async (options) => {
      fresh.push(options.fresh)
      return world.run(options)
    }
    const parts = () => world.parts({ run })
    await deploy(parts())
    await deploy(parts())
    expect(fresh).toEqual([true, true, true, false])
  })

  test('ends at a task that fails, before the migration that requires it', async () => {
    const world = new World()
    world.fails = { '2': 'failed' }
    expect((await deploy(world.parts())).outcome).toBe('failed')
    expect(world.happened).toEqual(['a', '1'])
  })

  test('ends, without a failure, where a task that is required stays pending', async () => {
    const world = new World()
    const waits = world.parts({
      run: async ({ upTo }) => {
        if (upTo === '2') return { outcome: 'done', results: [], database: DATABASE }
        throw new Error('not reached')
      },
    })
    const result = await deploy(waits)
    expect(result).toMatchObject({ outcome: 'gated', closed: { migration: 'b', requires: [{ name: 'task2' }] } })
    expect(world.happened).toEqual(['a'])
  })

  test('ends where Prisma fails, with nothing run after it', async () => {
    const world = new World()
    const result = await deploy(world.parts({ migrate: async () => ({ code: 1, busy: false }) }))
    expect(result).toEqual({ outcome: 'failed', steps: [{ migrations: ['a'], exitCode: 1 }] })
    expect(world.happened).toEqual([])
  })

  test("tries again while another deploy has Prisma's lock, and goes on where that one applied the migrations", async () => {
    const world = new World()
    const news: string[] = []
    let tries = 0
    const result = await deploy(
      world.parts({
        migrate: async (names) => {
          tries += 1
          if (tries === 1) return { code: 1, busy: true }
          const migrated = world.migrate(names)
          return tries === 2 ? { code: 1, busy: true } : migrated
        },
        emit: ({ type }) => news.push(type),
      }),
    )
    expect(result.outcome).toBe('done')
    expect(world.happened).toEqual(WHOLE)
    expect(news.filter((type) => type === 'migration-lock')).toHaveLength(1)
  })

  test('is interrupted, not failed, where the signal reached Prisma too', async () => {
    const stop = new AbortController()
    const migrate = async () => {
      stop.abort()
      return { code: 130, busy: false }
    }
    expect((await deploy(new World().parts({ migrate, signal: stop.signal }))).outcome).toBe('interrupted')
  })

  test('begins no new step once it is told to stop', async () => {
    const world = new World()
    const stop = new AbortController()
    const migrate = async (names: readonly string[] | null) => {
      stop.abort()
      return world.migrate(names)
    }
    expect((await deploy(world.parts({ migrate, signal: stop.signal }))).outcome).toBe('interrupted')
    expect(world.happened).toEqual(['a'])
  })
})
