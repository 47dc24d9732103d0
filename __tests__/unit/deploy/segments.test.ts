import { describe, expect, test } from '@jest/globals'
import { planDeploy } from '../../../src/deploy/plan-deploy.js'
import { segmentsOf } from '../../../src/deploy/segments.js'

const gate = (version: string, open = false) => ({ version, name: `task_${version}`, state: 'pending' as const, open })
const task = (version: string, runs = true) => ({
  ...{ version, name: `task_${version}`, state: 'pending' as const, flags: [], runs },
  reason: { code: 'new' as const },
})

describe('the segments of a deploy', () => {
  test('are one, where there is no gate, and where all are open', () => {
    expect(segmentsOf([])).toEqual([{ migrations: [], next: null }])
    expect(
      segmentsOf([
        { name: 'a', gates: [] },
        { name: 'b', gates: [gate('1', true)] },
      ]),
    ).toEqual([{ migrations: ['a', 'b'], next: null }])
  })

  test('end before each migration whose gates are closed', () => {
    const [one, two] = [gate('1'), gate('2')]
    expect(
      segmentsOf([
        { name: 'a', gates: [] },
        { name: 'b', gates: [one] },
        { name: 'c', gates: [] },
        { name: 'd', gates: [gate('0', true), two] },
      ]),
    ).toEqual([
      { migrations: ['a'], next: { migration: 'b', requires: [one] } },
      { migrations: ['b', 'c'], next: { migration: 'd', requires: [two] } },
      { migrations: ['d'], next: null },
    ])
  })

  test('begin with tasks, where the first migration has a closed gate', () => {
    expect(segmentsOf([{ name: 'a', gates: [gate('1')] }])).toMatchObject([
      { migrations: [], next: { migration: 'a' } },
      { migrations: ['a'], next: null },
    ])
  })

  test('take a gate for open whose task an earlier segment runs', () => {
    expect(
      segmentsOf([
        { name: 'a', gates: [gate('1'), gate('3')] },
        { name: 'b', gates: [gate('2')] },
      ]).map(({ migrations }) => migrations),
    ).toEqual([[], ['a', 'b']])
  })

  test('have the tasks up to the newest that the gate requires, and the rest at the end', () => {
    const segments = planDeploy(
      [
        { name: 'a', gates: [] },
        { name: 'b', gates: [gate('2')] },
      ],
      [task('1'), task('2'), task('3'), task('4', false)],
    )
    expect(segments.map(({ tasks }) => tasks.map(({ version }) => version))).toEqual([['1', '2'], ['3']])
  })
})
