import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { AfterPartyError } from '../define/errors.js'
import { installedPackage } from '../project/schema/prisma-cli.js'
import type { Migrated } from './deploy.js'
import { type PrismaSetup, stageMigrations } from './staged-migrations.js'

/** Characters: what Prisma says in the end is enough to know why it failed. */
const KEPT = 8_000
const BUSY = /\bP1002\b|advisory lock|database is locked|\bSQLITE_BUSY\b|\bP1008\b/i

/** Where what Prisma says goes. */
interface Output {
  write(text: string): void
  colors: boolean
}

/** Applies the migrations of these names, or with `null` all that are pending, as Prisma alone would. */
export async function migrate(
  names: readonly string[] | null,
  directory: string,
  setup: PrismaSetup,
  output: Output,
): Promise<Migrated> {
  if (names === null) return migrateDeploy(setup, output)
  const staged = await stageMigrations(directory, names, setup)
  try {
    return await migrateDeploy({ ...setup, config: staged.config }, output)
  } finally {
    await staged.remove()
  }
}

/**
 * Runs the project's own `prisma migrate deploy`. What it says is passed on as it is. It is not stopped by a signal
 * of ours: half a migration is worse than a late end. Throws `prisma-unsupported` where there is no Prisma CLI.
 */
async function migrateDeploy({ cwd, config, schema, env }: PrismaSetup, { write, colors }: Output): Promise<Migrated> {
  const bin = installedPackage(cwd, 'prisma')?.bin
  if (!bin) throw noPrisma()
  const options = [...(config === undefined ? [] : ['--config', config]), ...(schema ? ['--schema', schema] : [])]
  const child = spawn(process.execPath, [bin, 'migrate', 'deploy', ...options], {
    cwd,
    env: { ...(colors && { FORCE_COLOR: '1' }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT)
      write(text)
    })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code: code ?? (signal === 'SIGINT' ? 130 : 143), busy: code !== 0 && BUSY.test(said) }
}

function noPrisma(): AfterPartyError {
  return new AfterPartyError('prisma-unsupported', {
    what: 'The Prisma CLI is not installed here.',
    why: '`after-party deploy` runs `prisma migrate deploy` of your project.',
    next: 'Add `prisma` to "dependencies" so that it is in your image, or run the migrations elsewhere and then `npx after-party run`.',
  })
}
