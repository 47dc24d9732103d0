import { readSettings, stringOf, stringsOf } from './fields.js'
import { type SchemaBlock, scanBlocks } from './scan.js'

/** A file of the schema and what is in it. */
export interface SchemaFile {
  path: string
  text: string
}

/** The `datasource` block, as far as it matters here. */
export interface Datasource {
  /** `db` in most schemas; native types carry it. */
  name: string
  /** As the block says it, but `postgres` is `postgresql`. */
  provider: string
  /** The list of multiSchema; empty when it is off. */
  schemas: string[]
  /** The environment variable of `url = env("…")`. */
  urlEnv: string | undefined
  /** The text of `url = "…"`. May hold a password. */
  url: string | undefined
  file: string
}

/** A `generator` block, as far as it matters here. */
export interface Generator {
  provider: string
  output: string | undefined
  engineType: string | undefined
  previewFeatures: string[]
  /** `ts`, `mts` or `cts` of the `prisma-client` generator. */
  generatedFileExtension: string | undefined
  file: string
}

/** What a schema, in one file or many, holds. */
export interface SchemaInfo {
  blocks: (SchemaBlock & { file: string })[]
  datasource: Datasource | undefined
  generators: Generator[]
  /** The environment variables that the datasource names, for its URLs. */
  envNames: string[]
}

/** Reads a schema from the texts of its files. */
export function readSchema(files: readonly SchemaFile[]): SchemaInfo {
  const blocks = files.flatMap(({ path, text }) => scanBlocks(text).map((block) => ({ ...block, file: path })))
  const settings = blocks.map((block) => ({ block, values: readSettings(block.body) }))
  return {
    blocks,
    datasource: settings.flatMap(({ block, values }) => datasourceOf(block, values))[0],
    generators: settings.flatMap(({ block, values }) => generatorOf(block, values)),
    envNames: settings
      .filter(({ block }) => block.kind === 'datasource')
      .flatMap(({ values }) => [...values.values()].flatMap((value) => envOf(value) ?? [])),
  }
}

function datasourceOf(block: SchemaBlock & { file: string }, values: Map<string, string>): Datasource[] {
  if (block.kind !== 'datasource') return []
  const provider = stringsOf(values.get('provider'))[0] ?? ''
  return [
    {
      name: block.name,
      provider: provider === 'postgres' ? 'postgresql' : provider,
      schemas: stringsOf(values.get('schemas')),
      urlEnv: envOf(values.get('url')),
      url: stringOf(values.get('url')),
      file: block.file,
    },
  ]
}

function generatorOf(block: SchemaBlock & { file: string }, values: Map<string, string>): Generator[] {
  if (block.kind !== 'generator') return []
  return [
    {
      provider: stringOf(values.get('provider')) ?? '',
      output: stringOf(values.get('output')),
      engineType: stringOf(values.get('engineType')),
      previewFeatures: stringsOf(values.get('previewFeatures')),
      generatedFileExtension: stringOf(values.get('generatedFileExtension')),
      file: block.file,
    },
  ]
}

function envOf(value: string | undefined): string | undefined {
  return /^env\(\s*"(\w+)"\s*\)/.exec(value ?? '')?.[1]
}
