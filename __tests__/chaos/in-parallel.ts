const AT_ONCE = 3

/** Does something with each, a few at a time: processes that start leave little room for others. */
export async function inParallel<Each>(queue: readonly Each[], work: (each: Each) => Promise<void>): Promise<void> {
  const left = [...queue]
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
