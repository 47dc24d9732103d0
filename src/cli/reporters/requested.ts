import type { TaskRequest } from '../../define/events.js'
import type { Requested } from '../../engine/requests.js'
import { asCalled } from '../runner.js'
import { stderr } from '../terminal.js'
import { printJson } from './json.js'
import { ownerOf } from './reason.js'

const DONE = { pause: 'paused', resume: 'resumed', cancel: 'cancelled' } as const

/** Says what became of a request, task by task. */
export function printRequested(
  kind: TaskRequest['kind'],
  requested: readonly Requested[],
  { json }: { json: boolean },
): void {
  if (json) printJson('requested', { tasks: [...requested] })
  for (const task of requested) stderr.line(asCalled(told(kind, task)))
}

function told(kind: TaskRequest['kind'], { name, to, effect, holder }: Requested): string {
  switch (effect) {
    case 'none':
      return `› ${name}: nothing to ${kind}, it is ${to}`
    case 'done':
      return to === 'done' || to === 'failed'
        ? `› ${name} is ${to}: it ended before it could be ${DONE[kind]}`
        : `${stderr.style('green', '✔')} ${name} ${DONE[kind]}`
    case 'asked':
      return `› ${name}: asked to ${kind}. ${ownerOf(holder?.owner)} still runs it, and stops at its next batch or heartbeat.\n→ npx after-party status shows its state.`
    case 'revoked':
      return `${stderr.style('yellow', '⚠')} ${name} ${DONE[kind]}. ${ownerOf(holder?.owner)} ignored the request, so its claim was revoked. It can't commit to this task any more. Work outside of a transaction may continue.`
  }
}
