/** Lets several loops sleep, and wakes all of them at once. */
export class Alarm {
  readonly #sleepers = new Set<() => void>()

  /** Sleeps for so many ms, or until it rings. */
  async sleep(ms: number): Promise<void> {
    let wake = () => {}
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      wake = resolve
      this.#sleepers.add(wake)
      timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
    this.#sleepers.delete(wake)
  }

  ring(): void {
    for (const wake of this.#sleepers) wake()
  }
}
