import type { RunDatabase } from '../define/events.js'
import type { WorkQueue } from '../define/queue.js'
import type { Ledger } from '../ledger/contract.js'
import type { Client } from '../prisma/client.js'
import type { TaskSource } from '../project/task-files.js'

/** What every operation of the engine works with: the ledger, the tasks, and who asks. */
export interface Engine {
  ledger: Ledger
  source: TaskSource
  /** The client that tasks get; made when the first task needs it. */
  tasksClient(): Promise<Client>
  /** The ledger's own client, to see whether the factory made two. */
  ledgerClient: object
  /** What wakes workers, if the team has something. */
  queue?: WorkQueue | undefined
  owner: string
  environment: string
}

/** An engine that runs tasks, and says in which database. */
export interface RunEngine extends Engine {
  database: RunDatabase
}
