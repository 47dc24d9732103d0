/**
 * What every schema library gives that keeps to Standard Schema (https://standardschema.dev): zod, valibot, arktype
 * and others. The types are those of its specification, as far as they are used here.
 */
export interface ParamsSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema says of a value: what it makes of it, or what is wrong with it. */
export type SchemaResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type of `context.params`: what the schema makes of the values, or `undefined` without a schema. */
export type ParamsOf<Schema> = Schema extends ParamsSchema ? TypesOf<Schema>['output'] : undefined

/** The names of the params, as they are passed. */
export type ParamName<Schema> = Schema extends ParamsSchema ? KeyOf<TypesOf<Schema>['input']> & string : string

type TypesOf<Schema extends ParamsSchema> = NonNullable<Schema['~standard']['types']>

/** The keys of every member of a union. */
type KeyOf<Union> = Union extends unknown ? keyof Union : never

/**
 * Params as a command line has them. Each is taken as the text that it is, or, if the schema refuses that, as the JSON
 * that it may be: `5`, `true`, `["a"]`.
 */
export class ParamTexts {
  readonly texts: Readonly<Record<string, string>>

  constructor(texts: Readonly<Record<string, string>>) {
    this.texts = texts
  }
}

/** Whether something is a Standard Schema. Some libraries make functions of them. */
export function isParamsSchema(given: unknown): given is ParamsSchema {
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) return false
  const { '~standard': standard } = given as Partial<Record<'~standard', Partial<ParamsSchema['~standard']>>>
  return typeof standard?.validate === 'function'
}
