import type { TaskFile, TaskListing, TaskSource } from '../project/task-files.js'

/**
 * Tasks as a process that lives on has them: Node loads a file once, so what the process says of it, its checksum, is
 * that of the text it loaded, whatever is on disk now.
 */
export class LoadedTasks implements TaskSource {
  readonly #source: TaskSource
  readonly #checksums = new Map<string, Promise<string | null>>()

  constructor(source: TaskSource) {
    this.#source = source
  }

  get place(): string {
    return this.#source.place
  }

  list(): Promise<TaskListing> {
    return this.#source.list()
  }

  async load(file: TaskFile): Promise<unknown> {
    await this.checksum(file)
    return this.#source.load(file)
  }

  checksum(file: TaskFile): Promise<string | null> {
    const known = this.#checksums.get(file.file) ?? this.#source.checksum(file)
    this.#checksums.set(file.file, known)
    known.catch(() => this.#checksums.delete(file.file))
    return known
  }
}
