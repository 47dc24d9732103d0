import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { compile, makeFolder } from './compile.js'
import { readPage, section } from './pages.js'

/** docs/json.md has the shapes that commands print: what is printed is compiled against them, as a literal. */

const page = readPage('docs/json.md')
const V1 = '20260101000000'

/** By the name of its type: what a command printed. */
const printed: [type: string, json: string][] = []

/** The types of the engine that a shape is the JSON of; tells what a command has not printed here. */
const ENGINE: Record<string, string> = {
  RunJson: 'RunResult',
  PlanJson: `{ tasks: Pick<PlannedTask, 'version' | 'name' | 'state' | 'flags' | 'runs' | 'reason'>[] }`,
  RehearsalJson: '{ rehearsals: Rehearsal[] }',
  StatusJson: `Pick<Status, 'tasks' | 'summary' | 'worker'>`,
  WorkJson: `Awaited<ReturnType<AfterParty['work']>>`,
  RequestedJson: `{ tasks: Awaited<ReturnType<AfterParty['pause']>> }`,
  WaitJson: `Awaited<ReturnType<AfterParty['wait']>>`,
  DeployJson: 'DeployResult',
  DeployPlanJson: '{ segments: PlannedSegment[] }',
  CheckJson: 'CheckResult',
  MarkJson: '{ marked: Marked[] }',
  HistoryJson: '{ runs: TaskAttempt[] }',
}

/** What `JSON.stringify` makes of a value, as a type; the same for two shapes that have the same JSON. */
const JSON_OF = `type JsonOf<T> = T extends Date ? string : T extends (infer Item)[] ? JsonOf<Item>[]
  : T extends object ? { [Key in keyof T]: JsonOf<T[Key]> } : T`

beforeAll(async () => {
  const project = await Project.create()
  const say = async (...calls: [type: string, ...args: string[]][]) => {
    const ran = await project.inOneProcess(calls.map(([, ...args]) => [...args, '--json']))
    for (const [at, { stdout }] of ran.entries()) printed.push([calls[at]?.[0] ?? '', stdout])
  }
  await project.node('--import', 'tsx', '-e', SEED)
  await project.task(`${V1}_first`, `log('hello'); progress(3, 3)`, `description: 'Says hello', transaction: true,`)
  await project.write('prisma/after-party/20260102000000_slugs.ts', BACKFILL)
  await project.task('20260103000000_elsewhere', '', `environments: ['production'], everyDeploy: true,`)
  await project.task('20260104000000_fails', `throw new Error('no')`)
  await project.task('20260105000000_old', '', `onFresh: 'baseline',`)
  await project.task('20260106000000_behind', '', `background: true,`)
  await say(
    ['PlanJson', 'run', '--dry-run'],
    ['RehearsalJson', 'run', '--rehearse'],
    ['ErrorJson', 'run', 'nope'],
    ['CheckJson', 'check'],
    ['DeployPlanJson', 'deploy', '--dry-run'],
    ['RunJson', 'run', '--deploy-id', 'v1', '--fresh'],
    ['RequestedJson', 'pause', 'behind', '--reason', 'the sale'],
    ['StatusJson', 'status'],
    ['WorkJson', 'work', '--once'],
    ['WaitJson', 'wait', 'behind', '--timeout', '0'],
    ['HistoryJson', 'history'],
    ['DeployJson', 'deploy'],
    ['DoctorJson', 'doctor'],
    ['MarkJson', 'mark', '--all', '--skipped'],
  )
  await project.remove()
}, 400_000)

const SEED = `import { client } from './after-party.config.js'
const prisma = client()
await prisma.post.createMany({ data: [{ title: 'a' }, { title: 'b' }] })
await prisma.$disconnect()`

const BACKFILL = `import { defineBackfill } from 'after-party'

export default defineBackfill({ model: 'post', where: { slug: null }, update: ({ title }) => ({ slug: title }) })
`

describe('docs/json.md', () => {
  let project: string
  beforeAll(async () => {
    project = await makeFolder('json')
  })
  afterAll(() => {
    printed.length = 0
  })
  const shapes = page.blocks
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => text.replace(/^import type .*\n/gm, ''))

  test('has a shape for everything that was printed here', () => {
    const names = shapes.flatMap((text) => [...text.matchAll(/^interface (\w+)/gm)].map(([, name]) => name))
    expect(names.sort()).toEqual([...new Set(printed.map(([type]) => type))].sort())
    expect(printed.map(([, json]) => json).filter((json) => !json.startsWith('{'))).toEqual([])
  })

  test('has the shapes that are printed, key by key', async () => {
    const values = printed.map(([type, json], at) => `export const printed${at}: ${type} = ${json}`)
    const same = Object.entries(ENGINE).map(([type, engine]) => `same<Equal<JsonOf<${type}>, JsonOf<${engine}>>>()`)
    const file = [
      `import type { AfterParty, CheckResult, DeployResult, ErrorCode, Marked, PlannedSegment, PlannedTask, Reason, Rehearsal, RunResult, Status, TaskAttempt, TaskState } from 'after-party'`,
      `import { type Equal, same } from './equal.js'`,
      JSON_OF,
      ...shapes,
      ...same,
      ...values,
    ].join('\n\n')
    expect(await compile(project, new Map([['json.ts', file]]))).toBe('')
  })

  test('would be told of a key that it does not have, and of one that nothing prints', async () => {
    const shape = section(page, '`mark`').replace(/[\s\S]*```ts\n([\s\S]*?)```[\s\S]*/, '$1')
    const marked = printed.find(([type]) => type === 'MarkJson')?.[1]
    for (const wrong of [shape.replace(/^.*name: string.*\n/m, ''), shape.replace('name: string', 'names: string')])
      expect(await compile(project, new Map([['json.ts', `${wrong}\nexport const it: MarkJson = ${marked}`]]))).toMatch(
        /\bnames?\b.*(does not exist|missing)/,
      )
  })
})
