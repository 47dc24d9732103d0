import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** What the server answers instead of doing anything. */
export interface PostgresFault {
  /** SQLSTATE. */
  code: string
  message: string
  /** `startup`: refuses the connection; `query`: takes it, and refuses every statement. */
  at: 'startup' | 'query'
  severity?: 'ERROR' | 'FATAL' | 'PANIC'
}

/** A server that speaks enough of PostgreSQL's protocol to refuse, as the real one would, for any reason there is. */
export interface FailingPostgres extends AsyncDisposable {
  readonly url: string
  fault: PostgresFault
}

/** Opens one. `fault` may be changed while it runs. */
export async function openFailingPostgres(fault: PostgresFault): Promise<FailingPostgres> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    serve(socket, () => failing.fault)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const failing: FailingPostgres = {
    url: `postgresql://somebody:hunter2@127.0.0.1:${port}/app`,
    fault,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return failing
}

const READY = message('Z', Buffer.from('I'))
const WELCOME = Buffer.concat([message('R', int32(0)), READY])
const SSL_REQUEST = 80877103

function serve(socket: Socket, fault: () => PostgresFault): void {
  let received = Buffer.alloc(0)
  let started = false
  socket.on('data', (data) => {
    received = Buffer.concat([received, data])
    for (;;) {
      // The first message has no type.
      const head = started ? 1 : 0
      if (received.length < head + 4) return
      const length = head + received.readInt32BE(head)
      if (received.length < length) return
      const type = started ? String.fromCharCode(received.readUInt8(0)) : ''
      const isSslRequest = !started && received.readInt32BE(4) === SSL_REQUEST
      received = received.subarray(length)
      if (isSslRequest) socket.write('N')
      else if (!started && fault().at === 'startup') socket.end(errorResponse(fault()))
      else if (!started) {
        started = true
        socket.write(WELCOME)
      } else if (type === 'Q' || type === 'S') socket.write(Buffer.concat([errorResponse(fault()), READY]))
      else if (type === 'X') socket.end()
    }
  })
}

function errorResponse({ code, message: text, at, severity = at === 'startup' ? 'FATAL' : 'ERROR' }: PostgresFault) {
  const fields = { S: severity, V: severity, C: code, M: text }
  const body = Object.entries(fields).map(([key, value]) => `${key}${value}\0`)
  return message('E', Buffer.from(`${body.join('')}\0`))
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
