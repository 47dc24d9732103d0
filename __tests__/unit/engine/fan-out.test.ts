import { describe, expect, test } from '@jest/globals'
import type { RunEvent, RunNews } from '../../../src/define/events.js'
import { fanOut } from '../../../src/engine/fan-out.js'

const news = (attempt: number): RunNews => ({ type: 'started', task: { version: '1', name: 'a' }, attempt })

describe('events of a run', () => {
  test('reach every listener, in order, with their time and the run', () => {
    const [first, second]: RunEvent[][] = [[], []]
    const emit = fanOut([(event) => first?.push(event), undefined, (event) => second?.push(event)])
    emit(news(1))
    emit(news(2))
    expect(first).toMatchObject([{ attempt: 1 }, { attempt: 2 }])
    expect(second).toEqual(first)
    expect(first?.[0]?.at).toBeInstanceOf(Date)
    expect(new Set(first?.map(({ run }) => run)).size).toBe(1)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no such host')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no such host'))],
  ])('go on past a listener that %s, which is told once to the others', async (_, broken) => {
    const heard: RunEvent[] = []
    const emit = fanOut([broken, (event) => heard.push(event)])
    emit(news(1))
    emit(news(2))
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard.map(({ type }) => type).sort()).toEqual(['listener-failed', 'started', 'started'])
    expect(heard.find(({ type }) => type === 'listener-failed')).toMatchObject({ error: 'no such host' })
  })

  test('do not wait for a listener that never ends', () => {
    const heard: RunEvent[] = []
    const emit = fanOut([() => new Promise(() => {}), (event) => heard.push(event)])
    emit(news(1))
    expect(heard).toHaveLength(1)
  })

  test('go on when every listener throws', () => {
    const broken = () => {
      throw new Error('x')
    }
    expect(() => fanOut([broken, broken])(news(1))).not.toThrow()
  })
})
