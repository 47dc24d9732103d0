import { describe, expect, test } from '@jest/globals'
import type { Definition } from '../../../src/define/definition.js'
import { orderFaults, withAllBefore } from '../../../src/engine/order.js'
import { listTasks } from '../../../src/project/task-files.js'

const [V1, V2, V3, V4] = ['20260101000001', '20260101000002', '20260101000003', '20260101000004']
const { files } = listTasks([`${V1}_first.ts`, `${V2}_second.ts`, `${V3}_third.ts`, `${V4}_fourth.ts`])

function definitions(after: Record<string, string[]>): Map<string, Definition> {
  return new Map(files.map(({ version }) => [version, { kind: 'task', run() {}, after: after[version] ?? [] }]))
}

describe('what tasks come after', () => {
  test.each([
    ['a name', ['first']],
    ['a version', [V1]],
    ['both', [`${V1}_first`]],
    ['several', ['first', 'second']],
  ])('is right with %s of an older task', (_, after) => {
    expect(orderFaults(files, definitions({ [V3]: after }))).toEqual([])
  })

  test.each([
    ['frist', '`after` has "frist", which is not a task: did you mean first?'],
    ['fourth', '`after` has fourth, which is not older: a task can only come after older ones'],
    ['third', '`after` has third, which is not older: a task can only come after older ones'],
  ])('is wrong with %s', (word, message) => {
    expect(orderFaults(files, definitions({ [V3]: ['first', word] }))).toEqual([{ file: `${V3}_third.ts`, message }])
  })

  test('is followed all the way down', () => {
    const known = { files, definitions: definitions({ [V4]: ['third'], [V3]: ['second'] }) }
    expect([...withAllBefore([V4], known)]).toEqual([V4, V3, V2])
    expect([...withAllBefore([V1], known)]).toEqual([V1])
  })
})
