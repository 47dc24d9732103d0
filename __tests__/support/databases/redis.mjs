import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { freePort, startServer } from './child-server.mjs'

const PLACES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/sbin']
const binary = PLACES.map((place) => path.join(place, 'redis-server')).find((file) => existsSync(file))

/** Why the tests can't have a Redis here; undefined when they can. */
export const redisMissing = binary === undefined ? 'redis-server is not installed' : undefined

/**
 * A Redis of our own, which keeps nothing on disk. Stopped and started again, it has the same port and no data.
 *
 * @typedef {{ url: string, stop(): Promise<void>, start(): Promise<void>, flush(): Promise<void>, end(): Promise<void> }} RedisServer
 * @returns {Promise<RedisServer>}
 */
export async function startRedis() {
  const port = await freePort()
  const directory = await mkdtemp(path.join(tmpdir(), 'ap-redis-'))
  const url = `redis://127.0.0.1:${port}`
  // The shell ends it when our side of the pipe is closed.
  const script = '"$0" "$@" & server=$!; cat >/dev/null; kill $server; wait $server'
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no']
  const run = () =>
    startServer('sh', ['-c', script, binary ?? 'redis-server', ...settings], /Ready to accept connections/)
  let stop = await run()
  let up = true
  const server = {
    url,
    async stop() {
      if (up) await stop()
      up = false
    },
    async start() {
      if (!up) stop = await run()
      up = true
    },
    async flush() {
      const client = new Redis(url)
      await client.flushall()
      await client.quit()
    },
    async end() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return server
}
