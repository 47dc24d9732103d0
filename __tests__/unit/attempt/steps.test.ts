import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { StepFault, Steps } from '../../../src/attempt/steps.js'
import type { Step } from '../../../src/define/task.js'

/** A record that tries at a task share. */
class Kept {
  text: string | null = null
  writes = 0

  readonly store = {
    read: async () => this.text,
    write: async (text: string) => {
      this.writes += 1
      await sleep(1)
      this.text = text
    },
  }

  get names(): string[] {
    return Object.keys(JSON.parse(this.text ?? '{}'))
  }
}

const skipped: string[] = []

function tryOnce<T>(
  kept: Kept,
  code: (step: Step) => T | Promise<T>,
  { signal = new AbortController().signal, graceMs = 1_000 } = {},
): Promise<T> {
  const steps = new Steps({ store: kept.store, signal, onSkipped: (name) => skipped.push(name) })
  return steps.during(graceMs, () => code(steps.step))
}

const never = () => {
  throw new Error('it was done already')
}

describe('a step', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list of rows', [{ id: 1n, at: new Date(0), blob: new Uint8Array([1]), gone: undefined }]],
    ['a map', new Map([['a', new Set([Number.NaN, -0])]])],
    ['texts that no column takes', 'NUL \0, half a pair \ud800'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ])('that is done is not done again, and gives back %s', async (_, result) => {
    const kept = new Kept()
    expect(await tryOnce(kept, (step) => step('one', async () => result))).toBe(result)
    skipped.length = 0
    expect(await tryOnce(kept, (step) => step('one', never))).toEqual(result)
    expect(skipped).toEqual(['one'])
  })

  test('that throws is not kept, and is done by the next try', async () => {
    const kept = new Kept()
    const first = tryOnce(kept, async (step) => {
      await step('one', () => 1)
      await step('two', () => Promise.reject(new Error('no')))
    })
    await expect(first).rejects.toThrow('no')
    expect(kept.names).toEqual(['one'])
    expect(await tryOnce(kept, async (step) => [await step('one', never), await step('two', () => 2)])).toEqual([1, 2])
  })

  test('beside others loses none of their results', async () => {
    const kept = new Kept()
    const names = Array.from({ length: 20 }, (_, i) => `step ${i}`)
    await tryOnce(kept, (step) => Promise.all(names.map((name, i) => step(name, () => sleep((i * 7) % 5, i)))))
    expect(kept.names.sort()).toEqual([...names].sort())
    expect(await tryOnce(kept, (step) => Promise.all(names.map((name) => step(name, never))))).toEqual([
      ...names.keys(),
    ])
  })

  test('beside one that fails is waited for, and kept', async () => {
    const kept = new Kept()
    const both = tryOnce(kept, (step) =>
      Promise.all([step('slow', () => sleep(20, 'done')), step('bad', () => Promise.reject(new Error('no')))]),
    )
    await expect(both).rejects.toThrow('no')
    expect(kept.names).toEqual(['slow'])
  })

  test('that takes longer than the grace period after a failure is not kept by the try that gave it up', async () => {
    const kept = new Kept()
    let end = () => {}
    const slow = new Promise<void>((resolve) => {
      end = resolve
    })
    const both = tryOnce(
      kept,
      (step) => Promise.all([step('slow', () => slow), step('bad', () => Promise.reject(new Error('no')))]),
      { graceMs: 1 },
    )
    await expect(both).rejects.toThrow('no')
    end()
    await sleep(5)
    expect(kept.writes).toBe(0)
  })

  test('inside of a step is one of its own', async () => {
    const kept = new Kept()
    const nested = tryOnce(kept, (step) =>
      step('outer', async () => {
        await step('inner', () => 1)
        throw new Error('no')
      }),
    )
    await expect(nested).rejects.toThrow('no')
    expect(kept.names).toEqual(['inner'])
  })

  test('does not begin after the task was told to stop', async () => {
    const stop = new AbortController()
    const kept = new Kept()
    const stopped = tryOnce(
      kept,
      async (step) => {
        await step('one', () => stop.abort(new Error('told to stop')))
        await step('two', never)
      },
      { signal: stop.signal },
    )
    await expect(stopped).rejects.toThrow('told to stop')
    expect(kept.names).toEqual(['one'])
  })
})

describe('a task fails, and says what to change,', () => {
  class Money {
    readonly cents = 5
  }

  test.each<[string, (step: Step) => unknown, string]>([
    ['two steps of one name', async (step) => [await step('a', () => 1), await step('a', () => 2)], "the name 'a'"],
    ['two at once', (step) => Promise.all([step('a', () => 1), step('a', () => 2)]), "the name 'a'"],
    ['a name that is empty', (step) => step(' ', () => 1), "a string that isn't empty. It got ' '."],
    ['a name that is no string', (step) => step(1 as never, () => 1), 'It got 1.'],
    ['no function', (step) => step('a', 1 as never), "`step('a', …)` takes a function. It got 1."],
    ['64 KB', (step) => step('a', () => 'x'.repeat(80_000)), "of the step 'a' has 79 KB. The maximum is 64 KB."],
    ['a function', (step) => step('a', () => ({ list: [() => 1] })), 'it.list.0 (a function) would not come back'],
    ['an instance', (step) => step('a', () => ({ price: new Money() })), 'it.price (a Money) would not come back'],
    ['a fault that it catches', (step) => step('', never).catch(() => {}), "a string that isn't empty"],
  ])('for %s', async (_, code, message) => {
    const failed = tryOnce(new Kept(), code)
    await expect(failed).rejects.toThrow(StepFault)
    await expect(failed).rejects.toThrow(message)
  })

  test('for a step that it does not await', async () => {
    const kept = new Kept()
    const left = tryOnce(kept, (step) => {
      void step('mail', () => sleep(10))
    })
    await expect(left).rejects.toThrow("while a step was still running: 'mail'. Await every step")
    expect(kept.names).toEqual(['mail'])
  })

  test('for a step that begins after its end', async () => {
    let late: Step | undefined
    await tryOnce(new Kept(), (step) => {
      late = step
    })
    await expect(late?.('a', never)).rejects.toThrow("The step 'a' started after `run` ended.")
  })
})
