import { describe, expect, test } from '@jest/globals'
import { AfterPartyError } from '../../../src/errors.js'
import { asLedgerError, isBusy, isConnectionLost, isUniqueViolation } from '../../../src/ledger/database-errors.js'

const prisma = (code: string, message = 'Invalid `x` invocation:\n\n\nwhat happened') =>
  Object.assign(new Error(message), { code, name: 'PrismaClientKnownRequestError' })

describe('an error of the database', () => {
  test.each([['P2021'], ['P2039']])('%s means that the tables are not there', (code) => {
    expect(asLedgerError(prisma(code))).toMatchObject({
      code: 'tables-missing',
      next: expect.stringContaining('npx prisma migrate deploy'),
    })
  })

  test.each([['P1000'], ['P1001'], ['P1003'], ['P1010'], ['ECONNREFUSED']])(
    '%s means that it can’t be reached',
    (code) => {
      expect(asLedgerError(prisma(code))).toMatchObject({ code: 'database-unreachable', why: 'what happened' })
    },
  )

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

  test('that means a lost connection is known by code and by words', () => {
    const lost = [prisma('P1017'), new Error('Connection terminated unexpectedly'), prisma('ECONNRESET')]
    expect(lost.map(isConnectionLost)).toEqual([true, true, true])
    expect(isConnectionLost(new Error('the slug is taken'))).toBe(false)
  })
})
