/**
 * Runs contestants side by side: A B C, A B C, …, so that whatever else the machine does meets all of them.
 *
 * @template Result
 * @param {readonly string[]} names
 * @param {number} rounds
 * @param {(name: string) => Promise<Result>} once
 * @param {(name: string) => number} [roundsOf] Fewer rounds for one of them.
 * @returns {Promise<Record<string, Result[]>>} Each contestant's results.
 */
export async function alternate(names, rounds, once, roundsOf = () => rounds) {
  /** @type {Record<string, Result[]>} */
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1)
    for (const name of names) {
      if (round >= roundsOf(name)) continue
      process.stderr.write(`\r\u001b[K  ${name} ${round + 1}/${rounds}`)
      results[name]?.push(await once(name))
    }
  process.stderr.write('\r\u001b[K')
  return results
}
