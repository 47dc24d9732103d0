import type { Verified } from '../define/task.js'

/** The work was done, and is not what it should be. */
class NotVerified extends Error {}

/** Throws unless a team's own `verify` finds nothing wrong. */
export async function demandVerified(verify: (() => Verified | Promise<Verified>) | undefined): Promise<void> {
  const answer = await verify?.()
  if (answer === false) throw new NotVerified('`verify` returned false')
  if (typeof answer === 'string') throw new NotVerified(`\`verify\` failed: ${answer}`)
}
