/**
 * One contestant's backfill, in a process of its own: `tsx backfill.ts '{"contestant":"…","batch":500,…}'`.
 * Prints one JSON object.
 */
import { CONTESTANTS, type Job } from './contestants.js'

const job = JSON.parse(process.argv[2] ?? '') as Job
const contestant = await CONTESTANTS[job.contestant]?.(job)
if (!contestant) throw new Error(`no contestant ${job.contestant}`)
const cpuBefore = process.cpuUsage()
const began = performance.now()
await contestant.work()
const ms = performance.now() - began
const { user, system } = process.cpuUsage(cpuBefore)
await contestant.end()
const { maxRSS } = process.resourceUsage()
process.stdout.write(`${JSON.stringify({ ms, cpuMs: (user + system) / 1000, maxRSS })}\n`)
