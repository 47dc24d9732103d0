import { setTimeout as sleep } from 'node:timers/promises'
import { AfterPartyError, messageOf } from '../define/errors.js'
import type { WorkMessage } from '../define/queue.js'
import { messageIn } from './message.js'
import type { QueueErrorListener } from './outages.js'
import type { OpenedPgBoss, PgBossJob, PgBossLike } from './pg-boss-instance.js'
import { GOODBYE_MS, noAnswer } from './unanswered.js'
import { untilAborted, within } from './waits.js'

/** How a queue of pg-boss is listened to. */
export interface PgBossListening {
  readonly open: () => Promise<OpenedPgBoss>
  readonly queue: string
  readonly pollMs: number
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly told: QueueErrorListener
}

/**
 * Takes jobs until the signal aborts. Not `boss.work`, because in version 10 it doesn't await the end of a job: a
 * database that is away at that moment ends the process with an unhandled rejection.
 */
export async function listenToPgBoss(
  work: (message: WorkMessage) => Promise<void>,
  listening: PgBossListening,
): Promise<void> {
  const opened = await openAtLast(listening)
  if (!opened) return
  try {
    await takeJobs(opened.boss, work, listening)
  } finally {
    await opened.close()
  }
}

/** Tries until the server is there, and tells of the first failure only. */
async function openAtLast({ open, pollMs, signal, told }: PgBossListening): Promise<OpenedPgBoss | undefined> {
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      return await open()
    } catch (error) {
      // Without the package it never starts.
      if (error instanceof AfterPartyError) throw error
      if (tries === 0) told(error)
      await pause(pollMs, signal)
    }
  }
  return undefined
}

async function takeJobs(
  boss: PgBossLike,
  work: (message: WorkMessage) => Promise<void>,
  { queue, pollMs, concurrency, signal, told }: PgBossListening,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let oneEnded = () => {}
  let away = false

  const perform = async ({ id, data }: PgBossJob) => {
    try {
      await work(messageIn(data))
      await boss.complete(queue, id)
    } catch (error) {
      told(error)
      await boss.fail(queue, id, { message: messageOf(error) }).catch(told)
    }
  }
  const start = (job: PgBossJob) => {
    const run: Promise<void> = perform(job).finally(() => {
      running.delete(run)
      oneEnded()
    })
    running.add(run)
  }
  const fetch = async (batchSize: number): Promise<readonly PgBossJob[]> => {
    try {
      const jobs = await boss.fetch(queue, { batchSize })
      away = false
      return jobs ?? []
    } catch (error) {
      if (!away) told(error)
      away = true
      return []
    }
  }
  const giveBack = async (jobs: readonly PgBossJob[]) => {
    for (const { id } of jobs) await boss.fail(queue, id, { message: 'the worker stopped' }).catch(told)
  }

  while (!signal.aborted) {
    const free = concurrency - running.size
    const fetching = fetch(free)
    const jobs = await untilAborted(fetching, signal)
    if (signal.aborted) {
      await within(GOODBYE_MS, fetching.then(giveBack), noAnswer).catch(told)
      break
    }
    for (const job of jobs ?? []) start(job)
    const ended = new Promise<void>((resolve) => {
      oneEnded = resolve
    })
    if (running.size >= concurrency) await untilAborted(ended, signal)
    else if ((jobs?.length ?? 0) < free) await pause(pollMs, signal, ended)
  }
  await Promise.all(running)
}

/** Waits so many ms, or less if the signal aborts or something else happens. */
async function pause(ms: number, signal: AbortSignal, other: Promise<void> = new Promise(() => {})): Promise<void> {
  const over = new AbortController()
  const timer = sleep(ms, undefined, { signal: over.signal }).catch(() => {})
  await untilAborted(Promise.race([timer, other]), signal)
  over.abort()
}
