import { appendFileSync } from 'node:fs'
import { expect } from '@jest/globals'
import type { VariantName } from '../support/databases.js'
import type { ChaosProject } from './chaos-project.js'

/** The long suite: every point on every database, and more rounds. */
export const long = process.env.CHAOS === 'long'

/** Looks whether everything was done, writes it down for `npm run chaos`, and fails when it was not. */
export async function expectAllDone(
  variant: VariantName,
  chaos: ChaosProject,
  { kills, rounds = 0 }: { kills: number; rounds?: number },
): Promise<void> {
  const { lost, doubles, stuck } = await chaos.findings()
  const line = { variant, kills, rounds, lost: lost.length, doubles: doubles.length, stuck: stuck.length }
  if (process.env.CHAOS_REPORT) appendFileSync(process.env.CHAOS_REPORT, `${JSON.stringify(line)}\n`)
  expect({ lost, doubles, stuck }).toEqual({ lost: [], doubles: [], stuck: [] })
}
