import { expect, test } from '@jest/globals'
import { Alarm } from '../../../src/worker/alarm.js'

test('an alarm wakes all who sleep, and those who sleep later sleep on', async () => {
  const alarm = new Alarm()
  const woken: string[] = []
  const sleepers = ['one', 'other'].map((name) => alarm.sleep(60_000).then(() => woken.push(name)))
  alarm.ring()
  await Promise.all(sleepers)
  expect(woken).toEqual(['one', 'other'])
  await alarm.sleep(1)
})
