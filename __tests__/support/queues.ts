/**
 * The queue engines, each with a server that a test can take away:
 *
 *     await using engine = await ENGINES.bullmq()
 *     const queue = engine.queue()                       // in this process
 *     const listening = engine.listen(queue)             // with what it heard
 *     const other = engine.process('listen')             // one of its own, to kill
 */
import path from 'node:path'
import { execa } from 'execa'
import type { WorkMessage, WorkQueue } from '../../src/define/queue.js'
import { bullmqQueue } from '../../src/queue/bullmq.js'
import { pgBossQueue } from '../../src/queue/pg-boss.js'
import { type Network, openNetwork } from './databases/network.js'
import { usingPostgres } from './databases/postgres.mjs'
import { startRedis } from './databases/redis.mjs'
import { createDatabase } from './databases.js'
import { repository, unpacked } from './paths.mjs'

/** A queue engine with a server of its own. */
export interface QueueEngine extends AsyncDisposable {
  /** The network before the server. */
  readonly network: Network
  /** A queue of this process, which is closed with the engine. */
  queue(options?: object): WorkQueue
  /** A process of its own, which listens, or rings once. It is killed with the engine. */
  process(...args: ['listen'] | ['ring', string]): QueueProcess
  /** The server is down, and up again. */
  stop(): Promise<void>
  start(): Promise<void>
  /** The server loses everything that it has of the queue. */
  forget(): Promise<void>
}

/** The shortest time after which the message of a dead process comes again, for tests that wait for it. */
const redeliverAfter = '2s'

export const ENGINES = {
  async 'pg-boss'(): Promise<QueueEngine> {
    const database = await createDatabase('postgresql')
    const network = await openNetwork(database.url)
    return engineOf({
      make: pgBossQueue,
      module: 'pg-boss',
      factory: 'pgBossQueue',
      options: { redeliverAfter, pollingInterval: '100ms', connectionString: network.url },
      network,
      stop: async () => network.cut(),
      start: async () => network.heal(),
      forget: () => usingPostgres(database.url, (client) => client.query('DELETE FROM pgboss.job')).then(() => {}),
      end: () => database.drop(),
    })
  },
  async bullmq(): Promise<QueueEngine> {
    const { url, stop, start, flush, end } = await startRedis()
    const network = await openNetwork(url)
    return engineOf({
      make: bullmqQueue,
      module: 'bullmq',
      factory: 'bullmqQueue',
      options: { redeliverAfter, connection: network.url },
      // A proxy takes connections for a server that is down, and a client is told of nothing.
      inProcess: { redeliverAfter, connection: url },
      network,
      stop,
      start,
      forget: flush,
      end,
    })
  },
}

interface EngineParts<Options> extends Pick<QueueEngine, 'network' | 'stop' | 'start' | 'forget'> {
  make(options: Options): WorkQueue
  module: string
  factory: string
  options: Options & object
  /** The options in a process of its own, if they are others. */
  inProcess?: Options & object
  end(): Promise<void>
}

function engineOf<Options>(parts: EngineParts<Options>): QueueEngine {
  const { make, module, factory, options, inProcess = options, network, stop, start, forget, end } = parts
  const queues: WorkQueue[] = []
  const processes: QueueProcess[] = []
  return {
    network,
    queue(more = {}) {
      const queue = make({ onError: () => {}, ...options, ...more })
      queues.push(queue)
      return queue
    },
    process(...args) {
      const file = path.join(unpacked, 'dist', 'queue', `${module}.js`)
      const child = new QueueProcess([file, factory, JSON.stringify(inProcess), ...args])
      processes.push(child)
      return child
    },
    stop,
    start,
    forget,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((child) => child.kill()))
      await Promise.all(queues.map((queue) => queue.close?.()))
      await network[Symbol.asyncDispose]()
      await end()
    },
  }
}

/** What somebody says, to wait for. */
class Heard<Word> {
  readonly words: Word[] = []
  #over: string | undefined
  readonly #watchers = new Set<() => void>()

  say(word: Word): void {
    this.words.push(word)
    this.#tell()
  }

  end(why: string): void {
    this.#over = why
    this.#tell()
  }

  /** Waits until what was said is enough; throws when nothing more comes. */
  async until(enough: (words: readonly Word[]) => boolean): Promise<void> {
    while (!enough(this.words)) {
      if (this.#over !== undefined) throw new Error(`${this.#over}, having heard ${JSON.stringify(this.words)}`)
      await new Promise<void>((resolve) => this.#watchers.add(resolve))
    }
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher()
    this.#watchers.clear()
  }
}

/** A process of queue-program.mjs. */
export class QueueProcess {
  readonly ended: Promise<{ code: number | undefined; stderr: string }>
  readonly #heard = new Heard<string>()
  readonly #signal: (name: NodeJS.Signals) => boolean

  constructor(args: readonly string[]) {
    const program = path.join(repository, '__tests__', 'support', 'queue-program.mjs')
    const subprocess = execa(process.execPath, [program, ...args], {
      reject: false,
      env: { NODE_OPTIONS: '' },
      forceKillAfterDelay: false,
    })
    this.#signal = (name) => subprocess.kill(name)
    subprocess.stdout.on('data', (chunk: Buffer) => {
      for (const line of String(chunk).trim().split('\n')) this.#heard.say(line)
    })
    this.ended = subprocess.then(({ exitCode, stderr }) => {
      this.#heard.end(`ended with ${exitCode}: ${stderr}`)
      return { code: exitCode, stderr }
    })
  }

  /** Waits until it has said something; throws when it ends without. */
  saw(pattern: RegExp): Promise<void> {
    return this.#heard.until((lines) => lines.some((line) => pattern.test(line)))
  }

  signal(name: NodeJS.Signals): void {
    this.#signal(name)
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.ended
  }
}

/** A listener in this process. */
export class Listening {
  readonly ended: Promise<void>
  readonly #stopping = new AbortController()
  readonly #heard = new Heard<WorkMessage>()
  over = false

  constructor(queue: WorkQueue, { concurrency = 1, work = async () => {} }: ListeningOptions = {}) {
    const hear = async (message: WorkMessage) => {
      this.#heard.say(message)
      await work(message)
    }
    this.ended = queue.listen(hear, { concurrency, signal: this.#stopping.signal }).finally(() => {
      this.over = true
      this.#heard.end('it listens no more')
    })
    this.ended.catch(() => {})
  }

  /** The messages so far. */
  get messages(): readonly WorkMessage[] {
    return this.#heard.words
  }

  get versions(): readonly string[] {
    return this.messages.map(({ version }) => version)
  }

  /** Waits for so many messages. */
  saw(count: number): Promise<void> {
    return this.#heard.until(({ length }) => length >= count)
  }

  abort(): void {
    this.#stopping.abort()
  }

  async stop(): Promise<void> {
    this.abort()
    await this.ended
  }
}

interface ListeningOptions {
  concurrency?: number
  work?: (message: WorkMessage) => Promise<void>
}

/** Messages of tasks, by their versions. */
export const messages = (...versions: string[]): WorkMessage[] => versions.map((version) => ({ version, part: null }))
