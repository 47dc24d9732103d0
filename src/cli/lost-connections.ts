import { withoutUrls } from '../errors.js'
import { isConnectionLost } from '../ledger/database-errors.js'
import { EXIT } from './exit-codes.js'
import { stderr } from './terminal.js'

/**
 * Runs something that outlives connections whose loss a driver throws at nobody: Prisma 6 leaves pg's without a
 * listener inside a transaction. What is asked on such a connection next fails by itself. Any other error that nobody
 * catches ends the process, as it would without this.
 */
export async function outlivingConnections<T>(work: () => Promise<T>): Promise<T> {
  const onUncaught = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
    if (origin === 'uncaughtException' && isConnectionLost(error)) {
      stderr.line(`${stderr.style('yellow', '⚠')} A connection was lost.`)
      return
    }
    stderr.line(withoutUrls(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    process.exit(EXIT.failed)
  }
  process.on('uncaughtException', onUncaught)
  try {
    return await work()
  } finally {
    process.off('uncaughtException', onUncaught)
  }
}
