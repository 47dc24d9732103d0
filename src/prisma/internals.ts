/**
 * What Prisma keeps behind a client and does not document: there in 6 and 7, extended or not. It is read here and in
 * `extensions`, and nowhere else, so that another version of Prisma has two files to answer for.
 */
export interface PrismaInternals {
  _activeProvider?: unknown
  _clientVersion?: unknown
  _previewFeatures?: unknown
  _runtimeDataModel?: { models?: Record<string, { fields?: readonly { name?: unknown }[] }> }
  _engineConfig?: {
    adapter?: Adapter
    inlineSchema?: unknown
    parameterizationSchema?: unknown
    tracingHelper?: Tracing
    transactionOptions?: { isolationLevel?: unknown }
  }
}

interface Adapter {
  adapterName?: unknown
  config?: { connectionString?: unknown; host?: unknown }
  options?: { schema?: unknown }
}

/** What an engine reports its spans to. */
export interface Tracing {
  isEnabled?(): boolean
  runInChildSpan<T>(options: { attributes?: Record<string, unknown> } | string, work: (...given: never[]) => T): T
}

function internalsOf(client: object): PrismaInternals {
  return client as PrismaInternals
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Whether an object is a client of Prisma, and not something else that has its operations. */
export function isPrismaClient(client: object): boolean {
  return '_clientVersion' in client
}

/** The major version of the client: `6`; undefined when it does not say. */
export function majorOf(client: object): number | undefined {
  const version = textOf(internalsOf(client)._clientVersion)
  return version === undefined ? undefined : Number.parseInt(version, 10)
}

/**
 * The database a client speaks to, by the name it has in `schema.prisma`; undefined when the client does not say.
 *
 * @example providerOf(prisma) // 'postgresql'
 */
export function providerOf(client: object): string | undefined {
  const provider = textOf(internalsOf(client)._activeProvider)
  return provider === 'postgres' ? 'postgresql' : provider
}

/** The schema that a client was generated from: the only place that tells ids, `@map`ped names and `@updatedAt`. */
export function schemaTextOf(client: object): string {
  return textOf(internalsOf(client)._engineConfig?.inlineSchema) ?? ''
}

/** The fields that a client knows of a model; undefined when it does not say. */
export function fieldsOf(client: object, model: string): ReadonlySet<string> | undefined {
  const fields = internalsOf(client)._runtimeDataModel?.models?.[model]?.fields
  return fields && new Set(fields.map(({ name }) => String(name)))
}

/** Whether a client speaks to its database through a driver adapter: always in Prisma 7, by choice in 6. */
export function hasAdapter(client: object): boolean {
  return Boolean(internalsOf(client)._engineConfig?.adapter)
}

/** What the driver adapter calls itself: `@prisma/adapter-pg`. Undefined: Prisma 6's own engine. */
export function adapterNameOf(client: object): string | undefined {
  const adapter = internalsOf(client)._engineConfig?.adapter
  return adapter && String(adapter.adapterName)
}

/**
 * The database schema that a client's adapter was given, in which it looks for tables: `new PrismaPg(pool, { schema })`.
 * Undefined: none was, or the client has no adapter.
 */
export function adapterSchemaOf(client: object): string | undefined {
  return textOf(internalsOf(client)._engineConfig?.adapter?.options?.schema)
}

/**
 * The host that a client's adapter was told to connect to, and nothing else of its URL. Undefined: a socket, or an
 * adapter that keeps what it was told to itself (MariaDB's, libsql's).
 */
export function adapterHostOf(client: object): string | undefined {
  const config = internalsOf(client)._engineConfig?.adapter?.config
  const host = hostInUrl(textOf(config?.connectionString)) ?? textOf(config?.host)
  return host?.startsWith('/') ? undefined : host
}

function hostInUrl(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return (url.searchParams.get('host') ?? url.hostname) || undefined
}

/**
 * The isolation level that a client was made with: `new PrismaClient({ transactionOptions: { isolationLevel } })`.
 * Undefined: none. MySQL can't be asked for it.
 */
export function clientIsolationLevel(client: object): string | undefined {
  return textOf(internalsOf(client)._engineConfig?.transactionOptions?.isolationLevel)
}

/** Whether Prisma refuses `undefined` where it is written out. */
export function isStrictOfUndefined(client: object): boolean {
  const features = internalsOf(client)._previewFeatures
  return Array.isArray(features) && features.includes('strictUndefinedChecks')
}

/** Whether values reach the driver as they are: since Prisma 7 keeps plans of queries, they don't pass through its engine. */
export function keepsDigits(client: object): boolean {
  return internalsOf(client)._engineConfig?.parameterizationSchema !== undefined
}

/** What the client's engine reports its spans to; undefined when there is nothing to listen to. */
export function tracingOf(client: object): Tracing | undefined {
  const tracing = internalsOf(client)._engineConfig?.tracingHelper
  return typeof tracing?.runInChildSpan === 'function' ? tracing : undefined
}
