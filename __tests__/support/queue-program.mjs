/**
 * A process with a queue, as a team has it. It says on stdout what happens to it.
 *
 *     node queue-program.mjs <module> <factory> <options as JSON> listen
 *     node queue-program.mjs <module> <factory> <options as JSON> ring <version>
 *
 * Work whose version begins with `slow` goes on until SIGUSR2. SIGTERM ends a listener.
 */
const [, , module = '', factory = '', options = '', command, version = ''] = process.argv
const say = (/** @type {string} */ text) => console.log(text)
const queue = (await import(module))[factory]({
  ...JSON.parse(options),
  onError: (/** @type {Error} */ error) => say(`told ${error.message}`),
})

if (command === 'ring') {
  await queue.ring([{ version, part: null }]).then(
    () => say('rung'),
    (/** @type {Error & { code?: string }} */ error) => say(`refused ${error.code}`),
  )
} else {
  const stopping = new AbortController()
  process.once('SIGTERM', () => stopping.abort())
  await queue.listen(work, { concurrency: 2, signal: stopping.signal })
  say('resolved')
}
await queue.close()
say('closed')

/** @param {{ version: string }} message */
async function work({ version }) {
  // Whoever hears of it may send the signal at once.
  const told = new Promise((resolve) => process.once('SIGUSR2', resolve))
  say(`heard ${version}`)
  if (!version.startsWith('slow')) return
  await told
  say(`ended ${version}`)
}
