import { expect, test } from '@jest/globals'
import { checksumOf, isChanged } from '../../../src/project/checksum.js'

const of = checksumOf

test.each([
  ['the same text', of('a.ts', 'one'), of('a.ts', 'one'), false],
  ['another text', of('a.ts', 'one'), of('a.ts', 'two'), true],
  ['other line ends', of('a.ts', 'one\r\n'), of('a.ts', 'one\n'), false],
  ['another extension of one language', of('a.mts', 'one'), of('a.ts', 'one'), false],
  ['another text under another extension of one language', of('a.mjs', 'one'), of('a.js', 'two'), true],
  ['what was compiled since', of('a.js', 'compiled'), of('a.ts', 'source'), false],
  ['the source of what was compiled then', of('a.ts', 'source'), of('a.js', 'compiled'), false],
  ['no text now', null, of('a.ts', 'one'), false],
  ['no text then', of('a.ts', 'one'), null, false],
])('%s: changed or not', (_, now, then, expected) => {
  expect(isChanged(now, then)).toBe(expected)
})
