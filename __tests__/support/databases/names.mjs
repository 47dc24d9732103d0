import { createHash } from 'node:crypto'
import { hostname } from 'node:os'

/** What every database of the tests is called by; whatever is called so is ours to drop. */
const PREFIX = 'ap_test'
const DAY_MS = 86_400_000

/** Names this run of the tests: the machine, the process, the time. Its databases carry it. */
export function newRunId() {
  return `${machine()}_${process.pid}_${Date.now().toString(36)}`
}

/** The run that global setup began; `AFTER_PARTY_TEST_RUN` tells the workers. */
export function runId() {
  const id = process.env.AFTER_PARTY_TEST_RUN
  if (id === undefined) throw new Error('The tests run under Jest, whose global setup names the run.')
  return id
}

/** @param {string} name */
export function databaseName(name) {
  return `${PREFIX}_${runId()}_${name}`.replaceAll('-', '_')
}

/** Whether a database, a directory belongs to this run. @param {string} name */
export function isOurs(name) {
  return name.includes(runId())
}

/**
 * Whether it was left behind: by a run of this machine whose process is gone, or by any that is a day old.
 *
 * @param {string} name
 */
export function isLeftover(name) {
  const [, host, pid, began] = /(?:^|_)([0-9a-f]{6})_(\d+)_([0-9a-z]+)(?:_|$)/.exec(name) ?? []
  if (began === undefined) return false
  const old = Date.now() - Number.parseInt(began, 36) > DAY_MS
  return old || (host === machine() && !isAlive(Number(pid)))
}

function machine() {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 6)
}

/** @param {number} pid */
export function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (/** @type {any} */ error) {
    return error.code === 'EPERM'
  }
}
