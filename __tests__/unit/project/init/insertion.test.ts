import { describe, expect, test } from '@jest/globals'
import { addition, insertion, lineEnding, withInsertions } from '../../../../src/project/init/insertion.js'
import { scanBlocks } from '../../../../src/project/schema/scan.js'
import fc from '../../../support/fast-check.js'

const MODEL = 'model B {\n}\n'

describe('appending to a schema', () => {
  test('an empty line sets the new text off', () => {
    expect(addition('model A {\n}\n', MODEL)).toBe('\nmodel B {\n}\n')
  })

  test('a last line that was not ended is ended first', () => {
    expect(addition('model A {\n}', MODEL)).toBe('\n\nmodel B {\n}\n')
  })

  test('an empty line that is there is enough', () => {
    expect(addition('model A {\n}\n\n', MODEL)).toBe(MODEL)
    expect(addition('model A {\n}\n  \n', MODEL)).toBe(MODEL)
    expect(addition('model A {\n}\n  ', MODEL)).toBe(`\n${MODEL}`)
  })

  test('an empty schema gets the text alone', () => {
    expect(addition('', MODEL)).toBe(MODEL)
    expect(addition('\uFEFF', MODEL)).toBe(MODEL)
  })

  test('CRLF stays CRLF', () => {
    expect(addition('model A {\r\n}\r\n', MODEL)).toBe('\r\nmodel B {\r\n}\r\n')
    expect(addition('model A {\r\n}', MODEL)).toBe('\r\n\r\nmodel B {\r\n}\r\n')
  })

  test('of mixed line endings the one that most lines have is taken', () => {
    expect(lineEnding('a\r\nb\r\nc\n')).toBe('\r\n')
    expect(lineEnding('a\nb\r\nc\n')).toBe('\n')
    expect(lineEnding('a')).toBe('\n')
  })

  test('whatever the schema, its text is followed by an empty line and the models', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '}', '\n', '\r\n', ' ') }), (existing) => {
        const after = existing + addition(existing, MODEL)
        expect(after.replaceAll('\r\n', '\n')).toMatch(/(^|\n *\n|^ *\n)model B \{\n\}\n$/)
      }),
    )
  })
})

describe('lines that are inserted into a block', () => {
  const insert = (text: string, lines: string[]) => {
    const [block] = scanBlocks(text)
    if (!block) throw new Error('there is no block')
    return withInsertions(text, [insertion(text, block, lines)])
  }

  test('go before its closing brace, with the line ends of the file', () => {
    expect(insert('model A {\n  id Int @id\n} // a\n', ['  b Int?', '  c Int?'])).toBe(
      'model A {\n  id Int @id\n  b Int?\n  c Int?\n} // a\n',
    )
    expect(insert('model A {\r\n  id Int @id\r\n}', ['  b Int?'])).toBe('model A {\r\n  id Int @id\r\n  b Int?\r\n}')
  })

  test('find the brace that is not in a comment or a string', () => {
    const text = 'model A {\n  id Int @id // }\n  s String @default("}")\n  /* } */\n\t}\nmodel B {\n}\n'
    expect(insert(text, ['  b Int?'])).toBe(text.replace('\t}', '  b Int?\n\t}'))
  })

  test('get lines of their own where the brace has none', () => {
    expect(insert('model A {\n  id Int @id }\n', ['  b Int?'])).toBe('model A {\n  id Int @id \n  b Int?\n}\n')
  })
})
