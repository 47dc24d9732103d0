import { describe, expect, test } from '@jest/globals'
import { hasSnapshot, noteSnapshot, sessionHasSnapshot } from '../../../src/attempt/snapshots.js'

type Rows = Record<string, unknown>[]

/** A client as far as it is asked. */
function clientOf(provider: string, answer: () => Rows | Promise<Rows>, isolationLevel?: string) {
  const client = {
    _activeProvider: provider,
    _engineConfig: { transactionOptions: { isolationLevel } },
    asked: 0,
    async $queryRawUnsafe() {
      client.asked += 1
      return answer()
    },
  }
  return client
}

const variables = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ Variable_name: name, Value: value }))

describe('a session', () => {
  test.each([
    ['postgresql', [{ level: 'read committed' }], false],
    ['postgresql', [{ level: 'repeatable read' }], true],
    ['postgresql', [{ level: 'serializable' }], true],
    ['cockroachdb', [{ level: 'serializable' }], true],
    ['mysql', variables({ transaction_isolation: 'REPEATABLE-READ' }), false],
    ['mysql', variables({ tx_isolation: 'REPEATABLE-READ', innodb_snapshot_isolation: 'OFF' }), false],
    ['mysql', variables({ tx_isolation: 'REPEATABLE-READ', innodb_snapshot_isolation: 'ON' }), true],
    ['mysql', variables({ transaction_isolation: 'SERIALIZABLE', innodb_snapshot_isolation: 'ON' }), true],
    ['mysql', variables({ transaction_isolation: 'READ-COMMITTED', innodb_snapshot_isolation: 'ON' }), false],
    ['sqlserver', [], false],
    ['mongodb', [], true],
  ] as const)('of %s that answers %j has a snapshot: %s', async (provider, rows, snapshot) => {
    expect(
      await hasSnapshot(
        clientOf(provider, () => [...rows]),
        undefined,
      ),
    ).toBe(snapshot)
  })

  test('is asked once', async () => {
    const client = clientOf('postgresql', () => [{ level: 'serializable' }])
    expect(await Promise.all([hasSnapshot(client, undefined), sessionHasSnapshot(client)])).toEqual([true, true])
    expect(await hasSnapshot(client, undefined)).toBe(true)
    expect(client.asked).toBe(1)
  })

  test('that does not answer counts as one with a snapshot, and is asked again', async () => {
    const answers = [() => Promise.reject(new Error('gone')), () => [{ level: 'read committed' }]]
    const client = clientOf('postgresql', () => answers.shift()?.() ?? [])
    expect(await hasSnapshot(client, undefined)).toBe(true)
    expect(await hasSnapshot(client, undefined)).toBe(false)
  })
})

describe('a level that is named', () => {
  const client = (level?: string) => clientOf('postgresql', () => [{ level: 'serializable' }], level)

  test.each([
    ['ReadCommitted', undefined, false],
    ['ReadUncommitted', undefined, false],
    ['RepeatableRead', undefined, true],
    ['Snapshot', undefined, true],
    [undefined, 'ReadCommitted', false],
    [undefined, 'Serializable', true],
    ['ReadCommitted', 'Serializable', false],
  ])('%s by the definition, %s by the client: %s', async (definition, byClient, snapshot) => {
    const given = client(byClient)
    expect(await hasSnapshot(given, definition)).toBe(snapshot)
    expect(given.asked).toBe(0)
  })

  test('does not bind a statement that is its own transaction', async () => {
    expect(await sessionHasSnapshot(client('ReadCommitted'))).toBe(true)
  })

  test('counts no longer once a transaction was spoiled', async () => {
    const given = client()
    noteSnapshot(given)
    expect(await hasSnapshot(given, 'ReadCommitted')).toBe(true)
  })
})
