import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { RunDatabase } from '../../../src/define/events.js'
import { demandDatabase } from '../../../src/engine/run-database.js'

const SERVER: RunDatabase = { provider: 'postgresql', name: 'shop', host: 'db.example.com' }
const FILE: RunDatabase = { provider: 'sqlite', name: 'prisma/dev.db' }

describe('a run that expects a database', () => {
  test.each([
    [SERVER, 'shop'],
    [FILE, 'dev'],
    [FILE, 'dev.db'],
    [FILE, 'prisma/dev.db'],
    [FILE, './prisma/dev.db'],
    [FILE, path.resolve('prisma/dev.db')],
  ])('goes on in %j, which is %s', (database, expected) => {
    expect(() => demandDatabase(database, expected)).not.toThrow()
  })

  test.each([
    [SERVER, 'Shop'],
    [SERVER, 'shop_staging'],
    [SERVER, ''],
    [SERVER, 'db.example.com'],
    [FILE, 'prod'],
    [FILE, 'other/dev.db'],
    [FILE, ''],
  ])('stops in %j, which is not %j', (database, expected) => {
    expect(() => demandDatabase(database, expected)).toThrow(
      expect.objectContaining({ code: 'wrong-database', why: expect.stringContaining(JSON.stringify(expected)) }),
    )
  })

  test('says which database it is, and how to go on if it is the right one', () => {
    expect(() => demandDatabase(SERVER, 'app')).toThrow(
      'Wrong database: this is shop on db.example.com.\n' +
        'The run expects the database "app", so nothing was run.\n' +
        'Check the connection URL of your config. If this is the right database, pass `--expect-database shop`.',
    )
  })

  test('stops where the name can’t be found out', () => {
    expect(() => demandDatabase({ provider: 'mongodb', name: null }, 'shop')).toThrow(
      expect.objectContaining({ code: 'wrong-database', what: "Can't find out the name of this database." }),
    )
  })
})
