import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { VERSION } from '../../../src/define/version.js'

test('the version that the ledger records is that of the package', () => {
  const file = path.join(import.meta.dirname, '..', '..', '..', 'package.json')
  expect(VERSION).toBe(JSON.parse(readFileSync(file, 'utf8')).version)
})
