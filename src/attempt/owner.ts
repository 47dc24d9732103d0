import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'

/** Hosts' names may be longer than MySQL's column for a String. */
const LONGEST_HOST = 150

/** Names this process in the ledger: host, pid, and a random part, because pods share hosts' names and pids. */
export function makeOwner(): string {
  return `${hostname().slice(0, LONGEST_HOST)}:${process.pid}:${randomUUID().slice(0, 8)}`
}

/** Who asks something of a task from this process. */
export function requester(): string {
  return `${userName()}@${hostname()}`
}

/** A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}

/** An owner in words, for messages. */
export function describeOwner(owner: string): string {
  const [, host, pid] = /^(.*):(\d+):[^:]*$/.exec(owner) ?? []
  return host === undefined ? owner : `host ${host}, pid ${pid}`
}
