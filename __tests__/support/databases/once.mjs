import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './names.mjs'

const LOOK_MS = 100

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
  while (!(await exists(marker))) {
    if (await take(lock)) {
      try {
        if (!(await exists(marker))) {
          await work()
          await writeFile(marker, '')
        }
      } finally {
        await rm(lock, { force: true })
      }
    } else {
      await sleep(LOOK_MS)
      const worker = await readFile(lock, 'utf8').catch(() => '')
      if (worker !== '' && !isAlive(Number(worker))) await rm(lock, { force: true })
    }
  }
  // It was used just now.
  await utimes(marker, new Date(), new Date())
}

/** @param {string} lock */
function take(lock) {
  return writeFile(lock, `${process.pid}`, { flag: 'wx' }).then(
    () => true,
    () => false,
  )
}

/** @param {string} file */
function exists(file) {
  return stat(file).then(
    () => true,
    () => false,
  )
}
