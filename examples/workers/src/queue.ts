import type { WorkQueue } from 'after-party'
import { bullmqQueue } from 'after-party/bullmq'
import { pgBossQueue } from 'after-party/pg-boss'

/** What wakes the workers, by the variable `QUEUE`: `pg-boss`, `bullmq` or `none`. It connects when it is first used. */
export function createQueue(): WorkQueue | undefined {
  const name = process.env.QUEUE || 'pg-boss'
  if (name === 'pg-boss') return pgBossQueue({ connectionString: process.env.DATABASE_URL })
  if (name === 'bullmq') return bullmqQueue({ connection: process.env.REDIS_URL || 'redis://127.0.0.1:6379' })
  // Workers look at the database every 5 seconds anyway.
  if (name === 'none') return undefined
  throw new Error(`QUEUE is ${name}: set it to pg-boss, bullmq or none`)
}
