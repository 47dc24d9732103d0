import { appendFileSync } from 'node:fs'
import { expect } from '@jest/globals'
import type { VariantName } from '../support/databases.js'
import type { ChaosProject } from './chaos-project.js'

/** The long suite: every point on every database, and more rounds. */
export const long = process.env.CHAOS === 'long'

/** What was done to a project. */
export interface Harm {
  /** Processes that ended by SIGKILL. */
  kills?: number
  /** Rounds of many processes at once. */
  rounds?: number
  /** Processes that stood still past their lease. */
  stalls?: number
  /** Times that the server ended all connections. */
  outages?: number
}

/** Looks whether everything was done, writes it down for `npm run chaos`, and fails when it was not. */
export async function expectAllDone(variant: VariantName, chaos: ChaosProject, harm: Harm): Promise<void> {
  const { lost, doubles, stuck } = await chaos.findings()
  const line = { variant, ...harm, lost: lost.length, doubles: doubles.length, stuck: stuck.length }
  if (process.env.CHAOS_REPORT) appendFileSync(process.env.CHAOS_REPORT, `${JSON.stringify(line)}\n`)
  expect({ lost, doubles, stuck }).toEqual({ lost: [], doubles: [], stuck: [] })
}
