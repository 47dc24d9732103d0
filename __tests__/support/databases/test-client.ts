/** A row of the model `Post` of prisma/schema.prisma. */
export interface Post {
  id: number
  title: string
  slug: string | null
  views: number
}

/** A row of some other model of it. */
export type TestRow = Record<string, unknown>

/** The operations of one model that tests use. */
export interface TestDelegate<Row> {
  create(args: object): Promise<Row>
  createMany(args: object): Promise<{ count: number }>
  findMany(args?: object): Promise<Row[]>
  findFirst(args?: object): Promise<Row | null>
  findUnique(args: object): Promise<Row | null>
  count(args?: object): Promise<number>
  update(args: object): Promise<Row>
  updateMany(args: object): Promise<{ count: number }>
  deleteMany(args?: object): Promise<{ count: number }>
}

/** A generated client, as far as tests use it: it is made when the tests run, so there are no types of it. */
export interface TestClient {
  post: TestDelegate<Post>
  everything: TestDelegate<TestRow>
  author: TestDelegate<TestRow>
  stamped: TestDelegate<TestRow>
  keyBig: TestDelegate<TestRow>
  keyText: TestDelegate<TestRow>
  keyDate: TestDelegate<TestRow>
  keyDecimal: TestDelegate<TestRow>
  pair: TestDelegate<TestRow>
  loose: TestDelegate<TestRow>
  many: TestDelegate<TestRow>
  dated: TestDelegate<TestRow>
  randomKey: TestDelegate<TestRow>
  /** Where the provider has types of its own: `postgresql.prisma`, `mysql.prisma`. */
  native: TestDelegate<TestRow>
  fine: TestDelegate<TestRow>
  typed: TestDelegate<TestRow>
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  $queryRawUnsafe<Row = Record<string, unknown>>(query: string, ...values: unknown[]): Promise<Row[]>
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>
  $transaction<Result>(work: (transaction: TestClient) => Promise<Result>, options?: object): Promise<Result>
  /** With `log: [{ emit: 'event', level: 'query' }]` among the client's options. */
  $on(event: 'query', listener: (event: { query: string; params: string }) => void): unknown
  $extends(extension: object): TestClient
}
