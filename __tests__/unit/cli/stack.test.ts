import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { ownFrames } from '../../../src/cli/stack.js'

test('the frames of the team’s own code, their files as paths from here', () => {
  const file = path.resolve('a folder (old)/tasks/bad.ts')
  const stack = [
    `    at run (${pathToFileURL(file).href}:5:11)`,
    '    at node:internal/timers:1:1',
    `    at ${pathToFileURL(path.resolve('node_modules/x/index.js')).href}:1:2`,
    `    at ${file}:7:1`,
  ]
  expect(ownFrames(stack)).toEqual(['    at run (a folder (old)/tasks/bad.ts:5:11)', `    at ${file}:7:1`])
})
