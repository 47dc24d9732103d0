import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort, startServer } from './child-server.mjs'

const PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']

/**
 * A PgBouncer of our own before a PostgreSQL server, in transaction mode.
 *
 * @param {string} postgresUrl
 */
export async function startPgBouncer(postgresUrl) {
  const binary = PLACES.map((place) => path.join(place, 'pgbouncer')).find((file) => existsSync(file))
  if (binary === undefined) throw new Error('pgbouncer is not installed')
  const port = await freePort()
  const directory = await mkdtemp(path.join(tmpdir(), 'ap-pgbouncer-'))
  const ini = path.join(directory, 'pgbouncer.ini')
  await writeFile(ini, settings(new URL(postgresUrl), port))
  // The shell ends it when our side of the pipe is closed.
  const script = '"$0" "$1" & server=$!; cat >/dev/null; kill $server; wait $server'
  const stop = await startServer('sh', ['-c', script, binary, ini], /process up/)
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/**
 * As root it changes to another user, or would refuse to run. Idle connections end soon, because every test has
 * its own database, and each of them its own pool.
 *
 * @param {URL} server @param {number} port
 */
function settings({ hostname, port: serverPort, username, password }, port) {
  const login = `user=${decodeURIComponent(username)}${password ? ` password=${decodeURIComponent(password)}` : ''}`
  return `[databases]
* = host=${hostname} port=${serverPort || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 10
server_idle_timeout = 2
ignore_startup_parameters = extra_float_digits,options
${process.getuid?.() === 0 ? 'user = nobody' : ''}
`
}
