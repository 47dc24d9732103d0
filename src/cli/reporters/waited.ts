import type { Waited } from '../../engine/wait.js'
import { asCalled } from '../runner.js'
import { count, stderr } from '../terminal.js'
import { printJson } from './json.js'

/** Says how a wait ended. */
export function printWaited({ outcome, open }: Waited, { json }: { json: boolean }): void {
  if (json) printJson('wait', { outcome, open })
  const names = open.map(({ name, state }) => `${name} (${state})`).join(', ')
  switch (outcome) {
    case 'done':
      stderr.line(`${stderr.style('green', '✔')} All done`)
      break
    case 'failed': {
      const failed = open.find(({ state }) => state === 'failed')
      stderr.line(
        asCalled(
          `${stderr.style('red', '✖')} ${failed?.name} failed\n→ npx after-party history ${failed?.name} shows why.`,
        ),
      )
      break
    }
    case 'cancelled': {
      const cancelled = open.find(({ state }) => state === 'cancelled')
      stderr.line(
        asCalled(`✖ ${cancelled?.name} is cancelled\n→ To let it run: npx after-party resume ${cancelled?.name}`),
      )
      break
    }
    case 'timeout':
    case 'interrupted':
      stderr.line(`› ${count(open.length, 'task')} not done: ${names}`)
  }
}
