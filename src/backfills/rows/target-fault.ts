import type { BackfillDefinition } from '../../define/backfill.js'
import { AfterPartyError } from '../../define/errors.js'
import type { Client } from '../../prisma/client.js'
import { CursorError } from './pages.js'
import { walkedOf } from './target.js'

/** What the client knows to be wrong with what a backfill walks: a model or a cursor that is not there or not fit. */
export function targetFault(definition: BackfillDefinition, client: Client): string | undefined {
  try {
    walkedOf(definition, client)
    return undefined
  } catch (error) {
    if (error instanceof CursorError) return error.message
    if (error instanceof AfterPartyError) return [error.what, error.next].filter(Boolean).join(' ')
    throw error
  }
}
