import { rm } from 'node:fs/promises'
import path from 'node:path'
import { runId } from './databases/names.mjs'
import { chosenVariants, closeServers, everyVariant, missingVariants } from './databases/servers.mjs'
import { projects, runs } from './paths.mjs'

/** Leaves nothing behind, and says in one line what was not covered. */
export default async function teardown() {
  await closeServers()
  for (const directory of [projects, runs]) await rm(path.join(directory, runId()), { recursive: true, force: true })
  if (!everyVariant)
    console.error(
      `\nRan on ${chosenVariants().join(' and ')}. On every database: AFTER_PARTY_TEST_VARIANTS=all npm test`,
    )
  const missing = missingVariants()
  if (missing.length > 0) console.error(`\nNot covered here: ${missing.join('; ')}`)
}
