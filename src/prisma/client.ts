/** A row, as the client gives it. */
export type Row = Record<string, unknown>

/** The reads of a model that a backfill needs. */
export interface ReadDelegate {
  findMany(args: object): Promise<Row[]>
  count(args: object): Promise<number>
}

interface WriteDelegate extends ReadDelegate {
  update(args: object): Promise<unknown>
  updateMany(args: object): Promise<{ count: number }>
}

/** A client, or a transaction of one: its models by the names they have on it, and its raw statements. */
export type Client = Record<string, WriteDelegate> & {
  $executeRawUnsafe(sql: string, ...parameters: unknown[]): Promise<number>
  $queryRawUnsafe(sql: string, ...parameters: unknown[]): Promise<Row[]>
  /** Not on a transaction of Prisma 6. */
  $transaction<T>(work: (transaction: Client) => Promise<T>, options: object): Promise<T>
}

/** The client that a team's own code made, as it is used here. Nobody else looks at one in another way. */
export function clientOf(client: object): Client {
  return client as Client
}

/** Where a row is read that was just written, and where the last one is: with read replicas, not on a replica. */
export function primaryOf(client: Client): Client {
  return (client as { $primary?(): Client }).$primary?.() ?? client
}

/** A model's operations on a client, or on a transaction of one. */
export function delegateOf(client: Client, { key }: { key: string }): ReadDelegate {
  return client[key] as ReadDelegate
}

/** What the client calls a model: `Post` is `post`. */
export function nameOnClient(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1)
}
