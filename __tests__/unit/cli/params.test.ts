import { expect, test } from '@jest/globals'
import { paramsOf } from '../../../src/cli/params.js'

test('the params of a command line are texts by name, and may have = in them', () => {
  expect(paramsOf(['limit=500', 'where=a=b', 'empty='])?.texts).toEqual({ limit: '500', where: 'a=b', empty: '' })
  expect(paramsOf(undefined)).toBeUndefined()
})

test.each([
  [['hunter2'], '`--param` takes a name and a value.'],
  [['=hunter2'], '`--param` takes a name and a value.'],
  [['token=hunter2', 'token=hunter2'], 'The parameter token was passed twice.'],
])('params that are not right are refused without their values: %p', (words, what) => {
  const refused = () => paramsOf(words)
  expect(refused).toThrow(what)
  expect(refused).not.toThrow('hunter2')
})
