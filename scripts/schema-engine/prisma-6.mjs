import { dirname, resolve } from 'node:path'

/**
 * What Prisma 6 does otherwise: its URL stands in the schema instead of the config file, and an
 * SQLite path in it is relative to the schema's folder. The WASM engine is Prisma 7's and refuses
 * such a schema (P1012).
 *
 * @typedef {import('./command-line.mjs').CommandLine} CommandLine
 */

const datasourceBlock = /^\s*datasource\s+\w+\s*\{[^}]*\}/m
const urlLines = /^[ \t]*(url|directUrl|shadowDatabaseUrl)[ \t]*=[ \t]*(?:env\(\s*)?"([^"]*)".*$/gm

/**
 * Takes the URL out of the schema and into the datasource, if that is where it stands.
 *
 * @param {CommandLine} commandLine
 * @returns {CommandLine}
 */
export function datasourceFromSchema(commandLine) {
  const datasource = { ...commandLine.datasource }
  for (const [path, text] of commandLine.datamodels) {
    for (const [line, name, value = ''] of (datasourceBlock.exec(text)?.[0] ?? '').matchAll(urlLines)) {
      const url = line.includes('env(') ? process.env[value] : value
      if (name === 'url') datasource.url ??= relativeTo(dirname(path), url)
      if (name === 'shadowDatabaseUrl') datasource.shadowDatabaseUrl ??= url
    }
  }
  return {
    ...commandLine,
    datasource,
    datamodels: commandLine.datamodels.map(([path, text]) => [path, withoutUrls(text)]),
  }
}

/**
 * A request's parameters, with the schemas among them as the engine wants them.
 *
 * @param {any} params
 * @returns {any}
 */
export function paramsWithoutUrls(params) {
  return JSON.parse(JSON.stringify(params ?? null), (_key, value) =>
    typeof value?.content === 'string' && typeof value.path === 'string' && value.path.endsWith('.prisma')
      ? { ...value, content: withoutUrls(value.content) }
      : value,
  )
}

/** @param {string} schema */
function withoutUrls(schema) {
  return schema.replace(datasourceBlock, (block) => block.replace(urlLines, ''))
}

/**
 * @param {string} folder
 * @param {string | undefined} url
 */
function relativeTo(folder, url) {
  return url?.replace(/^file:(?!\/)(.*)/, (_match, path) => `file:${resolve(folder, path)}`)
}
