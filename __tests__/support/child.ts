import { execa } from 'execa'
import type { Project } from './project.js'

/** How a process ended. */
export interface Ended {
  code: number | undefined
  signal: string | undefined
  stdout: string
  stderr: string
}

/** The built binary as a process that a test can watch, stop and kill while it runs. */
export class Child {
  readonly ended: Promise<Ended>
  readonly pid: number | undefined
  readonly #kill: (signal: NodeJS.Signals) => boolean
  readonly #watchers = new Set<() => void>()
  #stderr = ''
  #over = false

  /** `detached`: with what it starts it makes a group of its own, which can be killed together. */
  constructor(
    project: Project,
    args: readonly string[],
    env: Record<string, string> = {},
    { detached = false }: { detached?: boolean } = {},
  ) {
    const { PATH = '', HOME = '', TMPDIR = '' } = process.env
    const bin = project.path('node_modules/after-party/dist/cli/bin.js')
    const subprocess = execa(process.execPath, [bin, ...args], {
      cwd: project.directory,
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), NO_COLOR: '1', ...project.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      detached,
    })
    this.pid = subprocess.pid
    this.#kill = (signal) => subprocess.kill(signal)
    subprocess.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += String(chunk)
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
    return this.#stderr
  }

  /** Waits until it has said something; throws when it ends without. */
  async saw(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      if (this.#over) throw new Error(`ended without saying ${pattern}:\n${this.#stderr}`)
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
