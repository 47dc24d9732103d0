import { describe, expect, test } from '@jest/globals'
import { plainValue } from '../../../../src/backfills/write/column-value.js'
import { column } from '../models.js'

const of = (type: string, more = {}) => column({ field: 'it', type, ...more })
const mood = of('Mood', {
  enumValues: new Map([
    ['Calm', 'Calm'],
    ['Wild', 'very wild'],
  ]),
})
const word = (name: string) => ({ _getName: () => name })
const decimal = (text: string) => ({ s: 1, e: 0, d: [1], toFixed: () => text })
const at = new Date('2026-01-01T00:00:00.000Z')

describe('what is plainly of its type is written', () => {
  test.each([
    [of('String'), 'x', 'x'],
    [of('Int'), -5, -5],
    [of('BigInt'), 2n ** 63n - 1n, 2n ** 63n - 1n],
    [of('BigInt'), 12, 12],
    [of('Float'), 0.1, 0.1],
    [of('Decimal'), '1.50', '1.50'],
    [of('Boolean'), false, false],
    [of('DateTime'), at, at],
    [of('DateTime'), '2026-01-01T01:00:00+01:00', at],
    [of('Bytes'), new Uint8Array([1]), new Uint8Array([1])],
    [mood, 'Wild', 'very wild'],
    [of('Json'), { set: 1 }, { set: 1 }],
    [of('Json'), [null], [null]],
    [of('Json'), word('DbNull'), null],
    [of('String'), null, null],
    [of('String'), { set: null }, null],
    [of('String'), { set: 'x' }, 'x'],
    [{ ...mood, list: true }, ['Wild', 'Calm'], ['very wild', 'Calm']],
    [of('Int', { list: true }), { set: [1] }, [1]],
    [of('Json', { list: true }), [1, ['x']], [1, ['x']]],
    [of('Json'), { a: [0.5, 2 ** 53 - 1, -0] }, { a: [0.5, 2 ** 53 - 1, -0] }],
    [of('Json', { unrounded: true }), [1e21, 0.1 + 0.2], [1e21, 0.1 + 0.2]],
    [of('Float'), 1 / 3, 1 / 3],
    [of('Float', { unrounded: true }), 0.1 + 0.2, 0.1 + 0.2],
    [of('Decimal', { floats: true }), '-0012.3456789012345', '-0012.3456789012345'],
  ])('%j: %p', (of, given, value) => {
    expect(plainValue(of, given)).toEqual({ value })
  })

  test('a Decimal of any copy of its class', () => {
    const given = decimal('1.5')
    expect(plainValue(of('Decimal'), given)).toEqual({ value: given })
  })
})

describe('all else is left to Prisma', () => {
  test.each([
    [of('Int'), 1.5],
    [of('Int'), Number.NaN],
    [of('Int'), 2 ** 31],
    [of('Int'), '5'],
    [of('Int'), 5n],
    [of('BigInt'), 2n ** 63n],
    [of('BigInt'), 2 ** 53],
    [of('Float'), Number.POSITIVE_INFINITY],
    [of('Decimal'), 'many'],
    [of('Decimal'), 1e21],
    [of('Boolean'), 1],
    [of('DateTime'), new Date('x')],
    [of('DateTime'), '2026-01-01'],
    [of('DateTime'), '2026-01-01T00:00:00.000001Z'],
    [of('Bytes'), 'AAEC'],
    [of('String'), 5],
    [of('String'), 'half of \ud83d'],
    [of('Json', { list: true }), [[1], 'x']],
    [of('String', { optional: false }), null],
    [of('String'), { connect: {} }],
    [of('Int'), { increment: 1 }],
    [of('Int'), { set: undefined }],
    [of('Int', { list: true }), { push: 1 }],
    [of('Int', { list: true }), [1, null]],
    [of('Int', { list: true }), 1],
    [of('Json'), null],
    [of('Json'), word('JsonNull')],
    [of('Json'), { a: 1n }],
    [of('Json'), () => {}],
    [of('Json'), [undefined]],
    [of('Json'), new Array(1)],
    [of('Json'), { a: undefined }],
    [of('Json'), { a: word('JsonNull') }],
    [of('Json'), { a: new Uint8Array([1]) }],
    [of('Json'), { a: decimal('1.5') }],
    [of('Json'), [at]],
    [of('Json'), new Map()],
    [of('Json'), Object.create({ a: 1 })],
    [of('Json'), JSON.parse('{"__proto__":1}')],
    [of('Json'), { $type: 'Raw' }],
    [of('Json'), ['half of \ud83d']],
    [of('Json'), [0.1 + 0.2]],
    [of('Json'), [1e21]],
    [of('Json'), [1e-7]],
    [of('Json', { unrounded: true }), 0.1 + 0.2],
    [of('Json', { unrounded: true }), [Number.NaN]],
    [of('Json', { list: true, unrounded: true }), [{ a: 0.1 + 0.2 }]],
    [of('Float'), 0.1 + 0.2],
    [of('Float', { unrounded: true }), 123456789012345680000],
    [of('Float', { unrounded: true }), { set: 0.1 + 0.2 }],
    [of('Float', { list: true, unrounded: true }), [0.1 + 0.2]],
    [of('Decimal', { unrounded: true }), 0.1 + 0.2],
    [of('Decimal', { floats: true }), '0.1234567890123456'],
    [mood, 'Glum'],
    [of('Unsupported("circle")'), 'x'],
  ])('%j: %p', (of, given) => {
    expect(plainValue(of, given)).toEqual({ unwritable: expect.stringContaining('it') })
  })
})
