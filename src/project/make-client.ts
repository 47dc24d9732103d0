import type { Config, PrismaClientLike } from '../define/config.js'
import { AfterPartyError } from '../define/errors.js'
import { describeThrown } from '../define/thrown.js'
import { unloadedVariable } from './env-files.js'

/** Calls one of the config's factories. Throws `client-invalid` for what it throws, and for what is no client. */
export async function makeClient(
  name: 'client' | 'ledgerClient',
  factory: Config['client'],
): Promise<PrismaClientLike> {
  // Looked at in here: a client that is made when it is first used throws there.
  const made = await Promise.resolve()
    .then(factory)
    .then((client: unknown) => (isClient(client) ? { client } : { wrong: describe(client) }))
    .catch((error) => {
      const why = describeThrown(error).message
      const ordinary = /adapter|accelerateUrl|PrismaClientOptions/.test(why)
        ? 'Fix it and run the command again. In Prisma 7, a client needs an adapter.'
        : 'Fix it and run the command again.'
      throw new AfterPartyError('client-invalid', {
        what: `\`${name}\` in the config threw an error.`,
        why,
        next: unloadedVariable(why) ?? ordinary,
        cause: error,
      })
    })
  if ('client' in made) return made.client
  throw new AfterPartyError('client-invalid', {
    what: `\`${name}\` in the config did not return a PrismaClient.`,
    why: `It returned ${made.wrong}`,
    next: `Use \`${name}: () => new PrismaClient(…)\`.`,
  })
}

function describe(value: unknown): string {
  if (value === undefined) return 'undefined. Is a `return` missing?'
  if (value === null) return 'null.'
  return typeof value === 'object' ? 'an object without $transaction and $disconnect.' : `a ${typeof value}.`
}

function isClient(value: unknown): value is PrismaClientLike {
  if (typeof value !== 'object' || value === null) return false
  const { $disconnect, $transaction } = value as Partial<PrismaClientLike>
  return typeof $disconnect === 'function' && typeof $transaction === 'function'
}
