/** The queues that docs/background.md uses, as long as the package doesn't have them. */
declare module 'after-party/pg-boss' {
  export function pgBossQueue(options: {
    connectionString: string
    queue?: string
    schema?: string
    inTransaction?: boolean
  }): import('after-party').WorkQueue
}

declare module 'after-party/bullmq' {
  export function bullmqQueue(options: {
    connection: string
    queue?: string
    prefix?: string
  }): import('after-party').WorkQueue
}
