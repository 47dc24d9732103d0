import type { TestClient } from './test-client.js'

/** What a test puts around an operation. */
export interface Intercepted<Args> {
  args: Args
  query(args: Args): Promise<unknown>
}

/** By model, or `$executeRawUnsafe`'s like, and then by operation. */
type Interceptors = Record<string, Record<string, (operation: Intercepted<never>) => unknown>>

/**
 * A client some of whose operations pass through a test: the ledger's too, which go round every extension. Inside its
 * transactions as outside of them.
 */
export function intercepted(client: TestClient, interceptors: Interceptors): TestClient {
  return new Proxy(client, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (key === '$transaction')
        return (work: (transaction: TestClient) => Promise<unknown>, options?: object) =>
          target.$transaction((transaction) => work(intercepted(transaction, interceptors)), options)
      const operations = interceptors[String(key)]
      return operations ? interceptedModel(value as Delegate, operations) : value
    },
  })
}

type Delegate = Record<string, (args: never) => Promise<unknown>>

function interceptedModel(delegate: Delegate, operations: Interceptors[string]): Delegate {
  return new Proxy(delegate, {
    get(target, name) {
      const query = Reflect.get(target, name) as Delegate[string]
      const around = operations[String(name)]
      return around ? async (args: never) => around({ args, query: (given) => query(given) }) : query
    },
  })
}
