import { describe, expect, test } from '@jest/globals'
import { AfterPartyError } from '../../../src/define/errors.js'
import {
  asLedgerError,
  isBusy,
  isConnectionLost,
  isUniqueViolation,
  isWriteConflict,
} from '../../../src/prisma/database-errors.js'

const prisma = (code: string, message = 'Invalid `x` invocation:\n\n\nwhat happened') =>
  Object.assign(new Error(message), { code, name: 'PrismaClientKnownRequestError' })

/** What Prisma passes on as it is: at a commit, and with Prisma 6 at other times too. */
const adapter = (message: string, cause: object = {}) =>
  Object.assign(new Error(message, { cause }), { name: 'DriverAdapterError' })

describe('an error of the database', () => {
  test.each([
    ['PostgreSQL', prisma('P2021')],
    ['libsql', prisma('P2039', 'Code: `1`. Message: `SQLITE_ERROR: no such table: main.after_party_task_records`')],
    ['libsql with Prisma 6', adapter('SQLITE_ERROR: no such table: main.after_party_task_records')],
  ])('means that the tables are not there: %s', (_, error) => {
    expect(asLedgerError(error)).toMatchObject({
      code: 'tables-missing',
      what: expect.stringContaining('not in this database'),
      next: expect.stringContaining('npx prisma migrate deploy'),
    })
  })

  test.each([
    ['PostgreSQL', prisma('P2022')],
    ['libsql', prisma('P2039', 'Code: `1`. Message: `SQLITE_ERROR: no such column: deployId`')],
    ['libsql with Prisma 6', adapter('SQLITE_ERROR: no such column: deployId')],
  ])('means that the tables are of another version: %s', (_, error) => {
    expect(asLedgerError(error)).toMatchObject({ code: 'ledger-outdated', next: expect.stringContaining('init') })
  })

  test.each([['P1000'], ['P1001'], ['P1003'], ['P1010'], ['ECONNREFUSED']])(
    '%s means that it can’t be reached',
    (code) => {
      expect(asLedgerError(prisma(code))).toMatchObject({ code: 'database-unreachable', why: 'what happened' })
    },
  )

  test('a value that Prisma can’t serialize is no conflict of transactions, which PostgreSQL can’t serialize', () => {
    const refused = 'We could not serialize [object Function] value. Serialize the object to JSON'
    expect([isBusy(new Error(refused)), isWriteConflict(new Error(refused))]).toEqual([false, false])
    expect(isWriteConflict(new Error('could not serialize access due to concurrent update'))).toBe(true)
  })

  test('that stays busy is no bug of ours', () => {
    expect(asLedgerError(prisma('P2024'))).toMatchObject({ code: 'database-unreachable' })
    expect(isBusy(prisma('P1008'))).toBe(true)
  })

  test('of a driver, which knows no Prisma code, is no bug of ours', () => {
    expect(asLedgerError(new TypeError('no such host postgres://me:pw@db'))).toMatchObject({
      code: 'database-unreachable',
      why: 'no such host postgres://…',
    })
  })

  test('that a wrong query of ours would cause stays a bug', () => {
    const invalid = Object.assign(new Error('Unknown argument'), { name: 'PrismaClientValidationError' })
    for (const error of [invalid, prisma('P2002'), prisma('P2009')]) expect(asLedgerError(error)).toBe(error)
    expect(isUniqueViolation(prisma('P2002'))).toBe(true)
  })

  test('that was explained already is not explained again', () => {
    const error = new AfterPartyError('client-not-generated', { what: 'x' })
    expect(asLedgerError(error)).toBe(error)
  })

  test.each([
    prisma('P1017'),
    prisma('ECONNRESET'),
    new Error('Connection terminated unexpectedly'),
    new Error('Client has encountered a connection error and is not queryable'),
    adapter('terminating connection due to administrator command', { kind: 'postgres', originalCode: '57P01' }),
    adapter('database "app" is not currently accepting connections', { kind: 'postgres', originalCode: '55000' }),
    adapter('the database system is starting up', { kind: 'postgres', originalCode: '57P03' }),
    adapter('Cannot execute new commands: connection closed', { kind: 'mysql', originalCode: '45013' }),
    prisma('P2010', 'Raw query failed. Code: `45009`. Message: `socket has unexpectedly been closed`'),
    prisma('P2039', 'Code: `08P01`. Message: `server login has been failing, try again later (server_login_retry)`'),
    prisma('P2039', 'pool timeout: failed to retrieve a connection from pool after 10000ms'),
  ])('means a lost connection: %s', (error) => {
    expect(isConnectionLost(error)).toBe(true)
    expect(isWriteConflict(error)).toBe(false)
    expect(asLedgerError(error)).toMatchObject({ code: 'database-unreachable' })
  })

  test.each([
    prisma('P2034'),
    prisma('P1008'),
    adapter('TransactionWriteConflict', { kind: 'TransactionWriteConflict', originalCode: '40001' }),
    adapter('SocketTimeout', { kind: 'SocketTimeout', originalMessage: 'database is locked' }),
    adapter('deadlock detected', { kind: 'postgres', originalCode: '40P01' }),
    Object.assign(new Error('SQLITE_BUSY: database is locked'), { code: 'SQLITE_BUSY', name: 'LibsqlError' }),
    prisma(
      'P2010',
      'Raw query failed. Code: `1205`. Message: `Lock wait timeout exceeded; try restarting transaction`',
    ),
    prisma('P2010', 'Raw query failed. Code: `1020`. Message: `Record has changed since last read in table`'),
  ])('means a conflict, which passes: %s', (error) => {
    expect(isWriteConflict(error)).toBe(true)
    expect(isBusy(error)).toBe(true)
    expect(isConnectionLost(error)).toBe(false)
  })

  test('that a task threw by itself means neither', () => {
    const error = new Error('the slug is taken')
    expect([isConnectionLost(error), isWriteConflict(error), isBusy(error)]).toEqual([false, false, false])
  })
})
