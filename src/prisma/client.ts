/** A row, as the client gives it. */
export type Row = Record<string, unknown>

/** The reads of a model that a backfill needs. */
export interface ReadDelegate {
  findMany(args: object): Promise<Row[]>
  count(args: object): Promise<number>
}

interface WriteDelegate extends ReadDelegate {
  update(args: object): Promise<unknown>
}

/** A client, or a transaction of one: its models by the names they have on it, and its raw statements. */
export type Client = Record<string, WriteDelegate> & {
  $executeRawUnsafe(sql: string, ...parameters: unknown[]): Promise<number>
  $queryRawUnsafe(sql: string, ...parameters: unknown[]): Promise<Row[]>
}

/** Where a row is read that was just written, and where the last one is: with read replicas, not on a replica. */
export function primaryOf(client: object): object {
  return (client as { $primary?(): object }).$primary?.() ?? client
}

/** A model's operations on a client, or on a transaction of one. */
export function delegateOf(client: object, { key }: { key: string }): ReadDelegate {
  return (client as Client)[key] as ReadDelegate
}
