import { expect, jest, test } from '@jest/globals'
import { Project } from '../support/project.js'

const long = process.env.CHAOS === 'long'
/** Rows: with CHAOS=long so many that they take more than 10,000 slices; fewer where every run of the tests does it. */
const ROWS = long ? 26_000 : 300

jest.setTimeout(120_000 + ROWS * 100)

/** Works slice by slice, a row each, and says how much memory is in use early on and at the end, in bytes. */
const SCRIPT = `
import { createAfterParty, defineBackfill } from 'after-party'
import { client } from './after-party.config.ts'

const rows = ${ROWS}
const prisma = client()
await prisma.post.createMany({ data: Array.from({ length: rows }, (_, i) => ({ title: String(i) })) })
const task = defineBackfill({ model: 'post', background: true, batchSize: 1, update: (post) => ({ slug: post.title }) })
const party = createAfterParty({ client, tasks: { '20260101000000_rows': task } })
await party.run()
let done = 0
const used = []
const measure = () => {
  globalThis.gc()
  used.push(process.memoryUsage().heapUsed)
}
const { slices: worked } = await party.work({
  once: true,
  slice: 15,
  signal: new AbortController().signal,
  onEvent: ({ type }) => {
    if (type !== 'finished') return
    done += 1
    if (done % ${long ? 1_000 : 20} === 0) measure()
  },
})
console.log(JSON.stringify({ worked, used, left: await prisma.post.count({ where: { slug: null } }) }))
await party.close()
await prisma.$disconnect()
`

test('the memory of a worker stays flat, slice after slice', async () => {
  const project = await Project.create()
  try {
    await project.write('work.ts', SCRIPT)
    const { code, stdout, stderr } = await project.node('--expose-gc', '--import', 'tsx', 'work.ts')
    expect([code, stderr]).toEqual([0, ''])
    const { worked, used, left } = JSON.parse(stdout) as { worked: number; used: number[]; left: number }
    expect(left).toBe(0)
    expect(worked).toBeGreaterThan(long ? 10_000 : 30)
    const [, early = 0] = used
    const growth = (used.at(-1) ?? 0) - early
    if (process.env.CHAOS_REPORT) process.stderr.write(`${JSON.stringify({ worked, used })}\n`)
    expect(growth).toBeLessThan(2_000_000)
  } finally {
    await project.remove()
  }
})
