import { expect, test } from '@jest/globals'
import { claimNow } from '../../../src/attempt/claim.js'
import { MemoryLedger } from '../../../src/ledger/memory-ledger.js'

const LEASE_MS = 40

test('a transaction that ends after its claim was settled brings no heartbeat back', async () => {
  const ledger = new MemoryLedger()
  let beats = 0
  const { beat } = ledger
  ledger.beat = (...args) => {
    beats += 1
    return beat.apply(ledger, args)
  }
  const claim = await claimNow({ version: '20260101000000', name: 'it' }, null, {
    ledger,
    owner: 'host:1:x',
    leaseMs: LEASE_MS,
    deployId: undefined,
    checksum: null,
    resume: false,
  })
  let end = () => {}
  const open = claim?.withoutBeats(1, () => new Promise<void>((resolve) => (end = resolve)))
  await claim?.settle({ status: 'interrupted', finishedAt: new Date(), reason: null, error: null })
  end()
  await open
  const before = beats
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS))
  expect(beats).toBe(before)
})
