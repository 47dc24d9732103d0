import { describe, expect, test } from '@jest/globals'
import { readModel, readSettings, stringOf, stringsOf } from '../../../../src/project/schema/fields.js'
import { scanBlocks, statementsOf } from '../../../../src/project/schema/scan.js'
import fc from '../../../support/fast-check.js'

describe('finding the blocks of a schema', () => {
  test('every block is found with its kind, its name and its range', () => {
    const text = 'generator client {\n}\n\nenum Role {\n  USER\n}\nmodel Post {\n  id Int @id\n}\n'
    const blocks = scanBlocks(text)
    expect(blocks.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['generator client', 'enum Role', 'model Post'])
    expect(blocks.map(({ start, end }) => text.slice(start, end))).toEqual([
      'generator client {\n}',
      'enum Role {\n  USER\n}',
      'model Post {\n  id Int @id\n}',
    ])
  })

  test('braces in comments do not count', () => {
    const text = 'model A { // c {\n  /* } */\n  /// }}}\n  id Int @id\n}\nmodel B {\n}'
    expect(scanBlocks(text).map(({ name }) => name)).toEqual(['A', 'B'])
  })

  test('braces and slashes in strings do not count', () => {
    const text = 'model A {\n  a Json @default("{ \\"//\\": 1")\n  b String @default("http://x/*")\n}\nmodel B {\n}'
    expect(scanBlocks(text).map(({ name }) => name)).toEqual(['A', 'B'])
  })

  test('a model that is commented out is no model', () => {
    expect(scanBlocks('// model A {\n/*\nmodel B {\n}\n*/\nmodel C {\n}').map(({ name }) => name)).toEqual(['C'])
  })

  test('a word that only begins like a keyword opens no block', () => {
    expect(scanBlocks('supermodel A {\n}\nmodels B {\n}')).toEqual([])
  })

  test('a block that is never closed goes on to the end', () => {
    expect(scanBlocks('model A {\n  id Int')[0]).toMatchObject({ name: 'A', end: 18 })
  })

  test('whatever the text, the ranges lie in it, one behind the other', () => {
    const part = fc.constantFrom('model A {', '}', '"', '//', '/*', '*/', '\n', '\\', 'x', '{', 'enum B {')
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join(' ')
        let last = 0
        for (const { start, end } of scanBlocks(text)) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(text.length)
          last = end
        }
      }),
    )
  })
})

describe('reading a block', () => {
  test('statements come without comments, joined over the lines of their brackets', () => {
    expect(statementsOf('\n  a Int // one\r\n  /* two */ b Int\n  @@index([\n    a,\n    b\n  ])\n')).toEqual([
      'a Int',
      'b Int',
      '@@index([\n    a,\n    b\n  ])',
    ])
  })

  test('fields have a type, an arity and attributes with plain arguments', () => {
    const { fields, attributes } = readModel(`
      id   String  @id @map("_id") @db.VarChar( 20 )
      json Json?   @default( value: "{ \\"a b\\": [1, 2] }" )
      tags String[]
      geo  Unsupported("point")?
      @@map(name: "posts")
    `)
    expect(fields.map(({ name, type, arity }) => `${name} ${type}${arity}`)).toEqual([
      'id String',
      'json Json?',
      'tags String[]',
      'geo Unsupported("point")?',
    ])
    expect(fields[0]?.attributes).toEqual([
      { name: 'id', args: '' },
      { name: 'map', args: '"_id"' },
      { name: 'db.VarChar', args: '20' },
    ])
    expect(fields[1]?.attributes).toEqual([{ name: 'default', args: '"{ \\"a b\\": [1, 2] }"' }])
    expect(attributes).toEqual([{ name: 'map', args: '"posts"' }])
  })

  test('settings are read as they are written', () => {
    const settings = readSettings('\n  provider = "postgresql" // x\n  schemas = ["a",\n    "b"]\n  url = env("URL")\n')
    expect(stringOf(settings.get('provider'))).toBe('postgresql')
    expect(stringsOf(settings.get('schemas'))).toEqual(['a', 'b'])
    expect(stringOf(settings.get('url'))).toBeUndefined()
  })
})
