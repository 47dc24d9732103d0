import { VERSION } from '../define/version.js'
import { isUniqueViolation } from '../prisma/database-errors.js'
import { mayBendReads } from '../prisma/extensions.js'
import type { LedgerConnection } from './connection.js'
import type { History, LongText, TaskRun } from './contract.js'
import { readAll } from './read-all.js'
import { RUN, reasonColumns, toRun } from './rows.js'
import { skippedRowsText } from './skipped-rows.js'

const LONG_TEXTS: readonly LongText[] = ['skippedRows', 'error', 'log', 'params']

/** The attempts, in the user's database. */
export class PrismaHistory implements History {
  readonly #connection: LedgerConnection

  constructor(connection: LedgerConnection) {
    this.#connection = connection
  }

  async addRun(run: TaskRun): Promise<void> {
    await this.#connection
      .insist(() =>
        this.#connection.client.afterPartyTaskRun.create({
          data: {
            ...run,
            ...reasonColumns(run.reason),
            skippedRows: skippedRowsText(run.skippedRows),
            runner: VERSION,
          },
        }),
      )
      .catch((error) => {
        if (!isUniqueViolation(error)) throw error
      })
  }

  async endRun(id: string, { reason, skippedRows, ...end }: Parameters<History['endRun']>[1]): Promise<void> {
    const data = { ...end, ...reasonColumns(reason), skippedRows: skippedRowsText(skippedRows) }
    await this.#connection.insist(() =>
      this.#connection.client.afterPartyTaskRun.updateMany({ where: { id, status: 'running' }, data }),
    )
  }

  async endDeadRuns(
    version: string,
    belowFence: number,
    { reason, skippedRows, ...end }: Parameters<History['endDeadRuns']>[2],
  ): Promise<void> {
    const data = { ...end, ...reasonColumns(reason), skippedRows: skippedRowsText(skippedRows) }
    const where = { version, status: 'running', fence: { lt: belowFence } }
    await this.#connection.insist(() => this.#connection.client.afterPartyTaskRun.updateMany({ where, data }))
  }

  async hasDeadRuns(version: string, belowFence: number): Promise<boolean> {
    const where = { version, status: 'running', fence: { lt: belowFence } }
    const find = () => this.#connection.client.afterPartyTaskRun.findMany({ where, select: { id: true }, take: 1 })
    return (await this.#connection.ask(find)).length > 0
  }

  async runs({ version, limit, without = [] }: Parameters<History['runs']>[0]): Promise<TaskRun[]> {
    const texts = LONG_TEXTS.filter((text) => !without.includes(text)).map((text) => [text, true])
    const query = {
      where: version === undefined ? {} : { version },
      orderBy: [{ startedAt: 'desc' }, { fence: 'desc' }],
      take: limit,
      select: { ...RUN, ...Object.fromEntries(texts) },
    }
    const find = (asked: object) =>
      this.#connection.ask(() => this.#connection.client.afterPartyTaskRun.findMany(asked))
    const bent = mayBendReads(this.#connection.client, 'afterPartyTaskRun')
    const rows = await readAll(find, query, { key: 'id', bent })
    // An extension may have another order.
    rows.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.fence - a.fence)
    return rows.map(toRun)
  }
}
