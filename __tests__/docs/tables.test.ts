import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { DEPLOY_ID_VARIABLES } from '../../src/cli/deploy-id.js'
import { EXIT } from '../../src/cli/exit-codes.js'
import { repository } from '../support/paths.mjs'
import { codeSpans, keysIn, readPage, section, tableIn } from './pages.js'

/** Lists that the code has too. */

describe('docs/errors.md', () => {
  const page = readPage('docs/errors.md')

  test('explains every error code, and no other', () => {
    const source = readFileSync(path.join(repository, 'src/define/errors.ts'), 'utf8')
    const [, union = ''] = /export type ErrorCode =\n((?: {2}\| '[\w-]+'\n)+)/.exec(source) ?? []
    const codes = [...union.matchAll(/'([\w-]+)'/g)].map(([, code = '']) => code)
    const from = page.headings.findIndex(({ title }) => title === 'Error codes')
    const explained = page.headings
      .slice(from)
      .filter(({ level }) => level === 3)
      .flatMap(({ title }) => codeSpans(title))
    expect(codes.length).toBeGreaterThan(10)
    expect([...explained].sort()).toEqual([...codes, 'bug'].sort())
  })

  test('has every exit code, and no other', () => {
    const codes = tableIn(section(page, 'Exit codes')).map(([code]) => Number(code))
    expect(codes).toEqual(Object.values(EXIT))
  })
})

test('docs/deploying.md has every variable that a deploy id is taken from, in order', () => {
  const text = section(readPage('docs/deploying.md'), 'Deploy ids')
  expect(keysIn(text)).toEqual([...DEPLOY_ID_VARIABLES])
})

test('docs/commands.md has every state, in the order of the summary', () => {
  const states = unionOf(/export type TaskState =([\s\S]*?)\n\n/)
  expect(keysIn(section(readPage('docs/commands.md'), '`after-party status`'))).toEqual(states)
})

test('docs/json.md has every reason', () => {
  const codes = unionOf(/interface Reason {[\s\S]*? code:([\s\S]*?)\n {2}\/\*\*/)
  expect(codes.length).toBeGreaterThan(5)
  expect(keysIn(section(readPage('docs/json.md'), 'Reasons'))).toEqual(codes)
})

function unionOf(pattern: RegExp): (string | undefined)[] {
  const source = readFileSync(path.join(repository, 'src/define/events.ts'), 'utf8')
  const [, union = ''] = pattern.exec(source) ?? []
  return [...union.matchAll(/'([\w-]+)'/g)].map(([, word]) => word)
}
