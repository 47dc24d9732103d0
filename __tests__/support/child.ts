import { execa } from 'execa'
import type { Project } from './project.js'

/** How a process ended. */
export interface Ended {
  code: number | undefined
  signal: string | undefined
  stdout: string
  stderr: string
}

export interface ChildOptions {
  /** With what it starts it makes a group of its own, which can be killed together. */
  detached?: boolean
  /** What Node.js runs, with its own options before it. Default: the built binary. */
  program?: readonly string[]
}

/** The built binary, or a program of the project, as a process that a test can watch, stop and kill while it runs. */
export class Child {
  readonly ended: Promise<Ended>
  readonly pid: number | undefined
  readonly #kill: (signal: NodeJS.Signals) => boolean
  readonly #watchers = new Set<() => void>()
  readonly #said = { stdout: '', stderr: '' }
  #over = false

  constructor(
    project: Project,
    args: readonly string[],
    env: Record<string, string> = {},
    { detached = false, program = [] }: ChildOptions = {},
  ) {
    const { PATH = '', HOME = '', TMPDIR = '' } = process.env
    const bin = project.path('node_modules/after-party/dist/cli/bin.js')
    const subprocess = execa(process.execPath, [...(program.length > 0 ? program : [bin]), ...args], {
      cwd: project.directory,
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), NO_COLOR: '1', ...project.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      detached,
    })
    this.pid = subprocess.pid
    this.#kill = (signal) => subprocess.kill(signal)
    for (const stream of ['stdout', 'stderr'] as const)
      subprocess[stream].on('data', (chunk: Buffer) => {
        this.#said[stream] += String(chunk)
        this.#tellWatchers()
      })
    this.ended = subprocess.then(({ exitCode, signal, stdout, stderr }) => {
      this.#over = true
      this.#tellWatchers()
      return { code: exitCode, signal, stdout, stderr }
    })
  }

  /** What it has said on stderr so far. */
  get stderr(): string {
    return this.#said.stderr
  }

  /** What it has said on stdout so far. */
  get stdout(): string {
    return this.#said.stdout
  }

  /** Waits until it has said something; throws when it ends without. */
  async saw(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stderr'): Promise<void> {
    while (!pattern.test(this.#said[stream])) {
      if (this.#over) throw new Error(`ended without saying ${pattern}:\n${this.#said[stream]}`)
      await new Promise<void>((resolve) => this.#watchers.add(resolve))
    }
  }

  /** Waits until it stands still, by its own SIGSTOP. */
  async stopped(): Promise<void> {
    await this.saw(/chaos: SIGSTOP/)
    // It said so just before: sent in between, a SIGCONT would be lost.
    for (let state = ''; !state.startsWith('T'); )
      ({ stdout: state } = await execa('ps', ['-o', 'stat=', '-p', String(this.pid)]))
  }

  signal(name: NodeJS.Signals): void {
    this.#kill(name)
  }

  /** Ends it, whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill('SIGKILL')
    await this.ended
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher()
    this.#watchers.clear()
  }
}
