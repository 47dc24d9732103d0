import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** The network between a client and its server, for a test to break and to mend. */
export interface Network extends AsyncDisposable {
  /** The same database, by way of the proxy. */
  readonly url: string
  /** Ends every connection and takes no new one: a restart, a failover. */
  cut(): void
  /** Passes nothing on and ends nothing: a network that swallows packets. */
  freeze(): void
  /** Works again. What was swallowed is passed on, on connections that both sides still have. */
  heal(): void
}

/** A proxy before the server of a database's URL. */
export async function openNetwork(url: string): Promise<Network> {
  const target = new URL(url)
  const port = Number(target.port || (target.protocol === 'mysql:' ? 3306 : 5432))
  const sockets = new Set<Socket>()
  let state: 'open' | 'cut' | 'frozen' = 'open'

  const server = createServer((near) => {
    if (state === 'cut') {
      near.destroy()
      return
    }
    const far = connect({ host: target.hostname, port })
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('data', (data) => other.write(data))
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      if (state === 'frozen') socket.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(typeof address === 'object' ? address?.port : '')

  const cut = () => {
    state = 'cut'
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: through.href,
    cut,
    freeze() {
      state = 'frozen'
      for (const socket of sockets) socket.pause()
    },
    heal() {
      state = 'open'
      for (const socket of sockets) socket.resume()
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
