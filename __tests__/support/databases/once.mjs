import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 100
/** Whoever works longer than this was killed. */
const STALE_MS = 120_000

/**
 * Does something once for all processes: whoever comes first works, the others wait. `marker` is a file that
 * says that it is done.
 *
 * @param {string} marker
 * @param {() => Promise<unknown>} work
 */
export async function once(marker, work) {
  const lock = `${marker}.lock`
  await mkdir(path.dirname(marker), { recursive: true })
  while (!(await age(marker))) {
    if (await taken(lock)) {
      try {
        if (!(await age(marker))) {
          await work()
          await writeFile(marker, '')
        }
      } finally {
        await rm(lock, { recursive: true, force: true })
      }
    } else {
      await sleep(LOOK_MS)
      const since = await age(lock)
      if (since !== undefined && since > STALE_MS) await rm(lock, { recursive: true, force: true })
    }
  }
}

/** @param {string} lock */
function taken(lock) {
  return mkdir(lock).then(
    () => true,
    () => false,
  )
}

/** @param {string} file @returns {Promise<number | undefined>} Ms, at least 1. */
async function age(file) {
  const found = await stat(file).catch(() => undefined)
  return found && Math.max(1, Date.now() - found.mtimeMs)
}
