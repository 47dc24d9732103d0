import { codeOf } from '../define/errors.js'
import { optionalPackage } from './optional-package.js'
import type { QueueErrorListener } from './outages.js'
import { GOODBYE_MS, noAnswer } from './unanswered.js'
import { within } from './waits.js'

/** A job, as pg-boss fetches it. */
export interface PgBossJob {
  id: string
  data: unknown
}

/** The part of a `PgBoss` that is used here, the same in its versions 10 to 12. */
export interface PgBossLike {
  start(): Promise<unknown>
  stop(options?: { timeout?: number }): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  getQueue(name: string): Promise<object | null>
  createQueue(name: string): Promise<unknown>
  send(name: string, data: object, options: object): Promise<string | null>
  fetch(name: string, options: { batchSize: number }): Promise<readonly PgBossJob[] | null>
  complete(name: string, id: string): Promise<unknown>
  fail(name: string, id: string, data: object): Promise<unknown>
}

/** Where an instance comes from, and which queue it must have. */
export interface PgBossSource {
  readonly connectionString?: string | undefined
  readonly schema?: string | undefined
  /** One of the team's, which stays theirs, or a function that makes one for us. */
  readonly boss?: PgBossLike | (() => PgBossLike | Promise<PgBossLike>) | undefined
  readonly queue: string
  readonly redeliverAfterMs: number
  readonly told: QueueErrorListener
}

/** A started instance, and what ends it. */
export interface OpenedPgBoss {
  readonly boss: PgBossLike
  close(): Promise<void>
}

/** `listening`: an instance that also gives the jobs of dead processes to others. One that only sends has no timers. */
export async function openPgBoss(source: PgBossSource, listening: boolean): Promise<OpenedPgBoss> {
  const { boss: given, queue, told } = source
  const ours = typeof given === 'object' ? undefined : given ? await given() : await makePgBoss(source, listening)
  const boss = ours ?? (given as PgBossLike)
  // Without a listener, the end of a connection would end the process.
  boss.on('error', told)
  const close = async () => {
    if (ours) await within(GOODBYE_MS, ours.stop({ timeout: 1_000 }), noAnswer).catch(told)
    // One that has stopped can still tell how its connections ended.
    else boss.off('error', told)
  }
  try {
    await ours?.start()
    await haveQueue(boss, queue)
  } catch (error) {
    await close()
    throw error
  }
  return { boss, close }
}

/** Two processes that create a queue of pg-boss 10 at once are a deadlock to PostgreSQL, which lets one of them go on. */
const DEADLOCK = '40P01'

async function haveQueue(boss: PgBossLike, queue: string, tries = 5): Promise<void> {
  if (await boss.getQueue(queue)) return
  try {
    await boss.createQueue(queue)
  } catch (error) {
    if (codeOf(error) !== DEADLOCK || tries === 1) throw error
    await haveQueue(boss, queue, tries - 1)
  }
}

/** How often pg-boss looks for expired jobs by default, in s. */
const SUPERVISE_S = 60

async function makePgBoss(source: PgBossSource, listening: boolean): Promise<PgBossLike> {
  const { connectionString, schema, redeliverAfterMs } = source
  const module = await optionalPackage('pg-boss', () => import('pg-boss'))
  // Named since version 11 or 12; the default export before.
  const PgBoss = (module.PgBoss ?? module.default) as new (options: object) => PgBossLike
  const seconds = Math.max(1, Math.ceil(redeliverAfterMs / 1000))
  return new PgBoss({
    connectionString,
    ...(schema !== undefined && { schema }),
    max: 2,
    connectionTimeoutMillis: GOODBYE_MS,
    // An instance that could not start can't be stopped either; its idle connections must not keep the process.
    allowExitOnIdle: !listening,
    schedule: false,
    supervise: listening,
    ...(!listening && { registerInstance: false }),
    ...(seconds < SUPERVISE_S && { maintenanceIntervalSeconds: seconds, superviseIntervalSeconds: seconds }),
  })
}
