import { describe, expect, test } from '@jest/globals'
import { progressOf } from '../../../src/attempt/told-progress.js'
import { defineTask } from '../../../src/index.js'
import { runTask } from '../../../src/testing.js'

/** What a task says of its progress is made a whole number, or refused by name; it never breaks the task's claim. */

const MOST = Number.MAX_SAFE_INTEGER
const WHOLE = 'Use whole numbers from 0 to 9,007,199,254,740,991.'
const ignored = (call: string) => `${call} was ignored. ${WHOLE}`
const ignoredTotal = (call: string) => `The total in ${call} was ignored. ${WHOLE}`

describe('progress', () => {
  test.each<[string, unknown, unknown, object]>([
    ['as it should be', 3, 10, { processed: 3, total: 10 }],
    ['without a total', 3, undefined, { processed: 3, total: null }],
    ['with null for a total', 3, null, { processed: 3, total: null }],
    ['in percent', 97.5, 100, { processed: 97, total: 100 }],
    ['that is nearly through', 99.9, 99.5, { processed: 99, total: 100 }],
    ['in bigints, as raw queries count', 3n, 10n, { processed: 3, total: 10 }],
    ['past its total', 11, 10, { processed: 11, total: 10 }],
    ['of nothing', 0, 0, { processed: 0, total: 0 }],
    ['below zero by nothing', -0, -0, { processed: 0, total: 0 }],
    ['as far as numbers are exact', MOST, BigInt(MOST), { processed: MOST, total: MOST }],
    ['NaN', Number.NaN, 10, { refused: ignored('progress(NaN, 10)') }],
    ['Infinity', Number.POSITIVE_INFINITY, undefined, { refused: ignored('progress(Infinity)') }],
    ['negative', -1, 10, { refused: ignored('progress(-1, 10)') }],
    ['a text', '5', 10, { refused: ignored("progress('5', 10)") }],
    ['nothing', undefined, undefined, { refused: ignored('progress(undefined)') }],
    ['larger than numbers are exact', 2 ** 53, undefined, { refused: ignored('progress(9007199254740992)') }],
    ['a bigint that no column holds', 2n ** 64n, 1, { refused: ignored('progress(18446744073709551616n, 1)') }],
    ['a symbol', Symbol('x'), 1, { refused: ignored('progress(Symbol(x), 1)') }],
    ['of NaN', 3, Number.NaN, { processed: 3, total: null, refused: ignoredTotal('progress(3, NaN)') }],
    ['of a text', 3, '10', { processed: 3, total: null, refused: ignoredTotal("progress(3, '10')") }],
    ['of less than nothing', 3, -1, { processed: 3, total: null, refused: ignoredTotal('progress(3, -1)') }],
  ])('%s', (_, processed, total, told) => {
    expect(progressOf(processed, total)).toEqual(told)
  })

  test('what can’t be shown is refused too', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(progressOf(proxy, 1)).toMatchObject({ refused: expect.stringContaining('was ignored') })
  })
})

describe('in a task', () => {
  test('what is refused is said once, and the last that was right counts', async () => {
    const task = defineTask({
      run({ progress }) {
        progress(2.5, 10)
        progress(Number.NaN, 10)
        progress(Number.NaN, 10)
        progress('7' as never)
      },
    })
    expect(await runTask(task, { prisma: {} as never })).toMatchObject({
      outcome: 'done',
      processed: 2,
      logs: [{ level: 'warn', message: ignored('progress(NaN, 10)') }],
    })
  })

  test('what is said after its end is not heard', async () => {
    let late = () => {}
    const task = defineTask({
      run({ progress }) {
        progress(1)
        late = () => progress(Number.NaN)
      },
    })
    const result = await runTask(task, { prisma: {} as never })
    late()
    expect(result).toEqual({ outcome: 'done', processed: 1, logs: [] })
  })

  test('a million words of it take no time worth speaking of', async () => {
    const task = defineTask({
      run({ progress }) {
        for (let i = 1; i <= 1_000_000; i += 1) progress(i, 1_000_000)
      },
    })
    expect(await runTask(task, { prisma: {} as never })).toMatchObject({ outcome: 'done', processed: 1_000_000 })
  })

  test('a log of anything is told, and never throws', async () => {
    const bad = (): never => {
      throw new Error('no')
    }
    const round: Record<string, unknown> = { name: 'round' }
    round.self = round
    const shown = { [Symbol.for('nodejs.util.inspect.custom')]: bad, toString: bad, toJSON: bad }
    const task = defineTask({
      run({ log }) {
        log('round', round)
        log(Symbol('sign') as never)
        log('shown %s %j', shown, shown)
        log.warn(shown as never)
        log(new Proxy({}, { get: bad, ownKeys: bad, getPrototypeOf: bad }) as never)
        log('a \0 and \ud800')
        log(undefined as never)
      },
    })
    const { outcome, logs } = await runTask(task, { prisma: {} as never })
    expect(outcome).toBe('done')
    expect(logs.map(({ message }) => message)).toEqual([
      expect.stringContaining('[Circular *1]'),
      'Symbol(sign)',
      expect.stringMatching(/^shown %s %j /),
      expect.any(String),
      expect.any(String),
      'a \0 and \ud800',
      'undefined',
    ])
  })

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined was thrown'],
    ['a text', 'just a text', 'just a text'],
    ['an object', { code: 'E', detail: 'taken' }, "{ code: 'E', detail: 'taken' }"],
    ['an error with a cause', new Error('x', { cause: new Error('y') }), 'x\nCaused by: Error: y'],
    ['a proxy of traps', new Proxy(new Error('x'), { has: bad, getPrototypeOf: bad }), 'x'],
  ])('that throws %s, the error says what it can', async (_, thrown, error) => {
    for (const retry of [undefined, { attempts: 2, delay: 1 }]) {
      const task = defineTask({
        ...(retry && { retry }),
        run() {
          throw thrown
        },
      })
      expect(await runTask(task, { prisma: {} as never })).toMatchObject({ outcome: 'failed', error })
    }
  })
})

function bad(): never {
  throw new Error('no')
}
