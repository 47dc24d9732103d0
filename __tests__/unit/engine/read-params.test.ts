import { describe, expect, test } from '@jest/globals'
import * as v from 'valibot'
import { z } from 'zod'
import { type ParamsSchema, ParamTexts } from '../../../src/define/params.js'
import { type Params, readParams, unknownParams } from '../../../src/engine/read-params.js'
import { readStoredParams, shownParams, writeParams } from '../../../src/engine/stored-params.js'

/** What a schema made of params: its value, or its complaints. */
async function read(schema: ParamsSchema, given: Params | ParamTexts, secrets: string[] = []): Promise<unknown> {
  const result = await readParams(schema, given, secrets)
  if ('problems' in result) return result.problems
  const unknown = await unknownParams(schema, result)
  return unknown.length > 0 ? unknown : result.value
}

const texts = (given: Record<string, string>) => new ParamTexts(given)

const libraries: [name: string, schema: ParamsSchema][] = [
  [
    'zod',
    z.object({ id: z.string().optional(), limit: z.number().min(1).default(100), since: z.coerce.date().optional() }),
  ],
  [
    'valibot',
    v.object({
      id: v.optional(v.string()),
      limit: v.optional(v.pipe(v.number(), v.minValue(1)), 100),
      since: v.optional(
        v.pipe(
          v.unknown(),
          v.transform((given) => new Date(String(given))),
        ),
      ),
    }),
  ],
]

describe.each(libraries)('params of %s', (_, schema) => {
  test('are the schema’s defaults when none are passed', async () => {
    expect(await read(schema, {})).toEqual({ limit: 100 })
  })

  test('from the command line are texts, and JSON where the schema refuses the text', async () => {
    expect(await read(schema, texts({ id: '007', limit: '5' }))).toEqual({ id: '007', limit: 5 })
    expect(await read(schema, texts({ id: '7', since: '2026-01-01' }))).toEqual({
      id: '7',
      limit: 100,
      since: new Date('2026-01-01'),
    })
  })

  test('from a program are taken as they are', async () => {
    expect(await read(schema, { limit: 5 })).toEqual({ limit: 5 })
    expect(await read(schema, { limit: '5' })).toEqual([{ name: 'limit', message: expect.any(String) }])
  })

  test('that are wrong are told by name, read either way', async () => {
    expect(await read(schema, texts({ limit: 'many' }))).toEqual([{ name: 'limit', message: expect.any(String) }])
    expect(await read(schema, texts({ limit: '0' }))).toEqual([
      { name: 'limit', message: expect.stringMatching(/^as text: .+; as JSON: .+/) },
    ])
  })

  test('that are misspelt are told with the nearest, though the schema would leave them out', async () => {
    expect(await read(schema, texts({ limt: '5' }))).toEqual([
      { name: 'limt', message: 'is not a parameter of this task. Did you mean limit?' },
    ])
  })
})

describe('params', () => {
  test('that a schema gives other names, or refuses when there are more, are known to it', async () => {
    const renamed = z.object({ from: z.string().optional() }).transform(({ from }) => ({ since: from }))
    expect(await read(renamed, texts({ from: 'today' }))).toEqual({ since: 'today' })
    expect(await read(z.strictObject({}), texts({ limt: '5' }))).toEqual([{ message: expect.stringContaining('limt') }])
  })

  test('of a union are read as JSON if the schema tells no names', async () => {
    const union = z.union([z.object({ a: z.number() }), z.object({ b: z.boolean() })])
    expect(await read(union, texts({ b: 'true' }))).toEqual({ b: true })
  })

  test('may be checked later, and a schema that throws refuses them', async () => {
    const later = z.object({ id: z.string().refine(async (id) => id === 'a') })
    expect(await read(later, { id: 'a' })).toEqual({ id: 'a' })
    const throws = z.object({}).transform(() => {
      throw new Error('no')
    })
    expect(await read(throws, {})).toEqual([{ message: 'the schema threw: no' }])
  })

  test('that are secret are in no message, wherever the library puts them', async () => {
    const schema = v.pipe(
      v.object({ token: v.optional(v.picklist(['a', 'b'])), limit: v.optional(v.number()) }),
      v.check(() => false, 'not with "hunter\\"2"'),
    )
    const given = [{ token: 'hunter2' }, { token: ['hunter2'] }]
    for (const params of given) {
      const said = JSON.stringify(await read(schema, params, ['token']))
      expect(said).toContain('The reason is not shown')
      expect(said).not.toContain('hunter')
    }
    const other = await read(schema, { limit: 'much' }, ['token'])
    expect(other).toEqual([{ name: 'limit', message: expect.stringContaining('much') }])
    const all = v.pipe(
      v.object({ token: v.string() }),
      v.check(() => false, 'hunter2 is taken'),
    )
    expect(JSON.stringify(await read(all, { token: 'hunter2' }, ['token']))).not.toContain('hunter2')
  })
})

describe('stored params', () => {
  test('come back as they were passed, but for secrets, of which the names are kept', async () => {
    const input = { limit: 5n, since: new Date(0), nothing: undefined, token: 'hunter2' }
    const written = await writeParams(input, ['token', 'other'])
    const text = 'text' in written ? (written.text ?? '') : ''
    expect(text).not.toContain('hunter2')
    expect(await readStoredParams(text)).toEqual({
      input: { limit: 5n, since: new Date(0), nothing: undefined },
      secrets: ['token'],
    })
    expect(shownParams(text)).toMatchObject({ limit: '5', since: '1970-01-01T00:00:00.000Z', token: '•••' })
    expect(await writeParams({})).toEqual({ text: null })
  })

  test('are refused if they would come back otherwise, or are too long', async () => {
    const refused = async (input: Params) => 'refused' in (await writeParams(input))
    expect(await refused({ call: () => {} })).toBe(true)
    expect(await refused({ engine: new (class Engine {})() })).toBe(true)
    expect(await refused({ ['__proto__']: 'x' })).toBe(true)
    expect(await refused({ text: 'x'.repeat(100_000) })).toBe(true)
    expect(await refused({ text: '\0 \ud800', list: [1, { a: null }] })).toBe(false)
  })

  test('that somebody wrote by hand are shown as they are, and not used', async () => {
    expect(shownParams('not json')).toEqual({ '?': 'not json' })
    expect(await readStoredParams('not json')).toBeUndefined()
  })
})
