/** A proxy with a delay: `node slow-network.mjs <port of the server> <ms>`. Says its own port on stdout. A round trip takes so many ms more. */
import { connect, createServer } from 'node:net'

const [port = '', ms = ''] = process.argv.slice(2)
const server = createServer((client) => {
  const upstream = connect(Number(port), '127.0.0.1')
  client.setNoDelay(true)
  upstream.setNoDelay(true)
  client.on('data', (chunk) => setTimeout(() => upstream.write(chunk), Number(ms)))
  upstream.on('data', (chunk) => client.write(chunk))
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ]) {
    one?.on('error', () => other?.destroy())
    one?.on('close', () => setTimeout(() => other?.end(), Number(ms)))
  }
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
})
