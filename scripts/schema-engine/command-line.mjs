import { readFileSync } from 'node:fs'

/**
 * @typedef {{ url?: string, shadowDatabaseUrl?: string }} Datasource
 * @typedef {object} CommandLine
 * @property {boolean} version
 * @property {[path: string, text: string][]} datamodels The schema files.
 * @property {Datasource} datasource
 * @property {string} [databaseCommand] What follows the word `cli`.
 */

/**
 * Reads the arguments the Prisma CLI passes. Options it has beside these (preview features,
 * extension types) change nothing here and are skipped with their values.
 *
 * @param {string[]} args
 * @returns {CommandLine}
 */
export function parseCommandLine(args) {
  /** @type {CommandLine} */
  const commandLine = { version: false, datamodels: [], datasource: {} }
  for (let i = 0; i < args.length; i++) {
    const word = args[i]
    if (word === '--version') commandLine.version = true
    else if (word === '--datamodels') commandLine.datamodels.push(readSchema(args[++i]))
    else if (word === '--datasource') commandLine.datasource = readDatasource(args[++i])
    else if (word.startsWith('--')) i++
    else if (word !== 'cli') commandLine.databaseCommand = word
  }
  return commandLine
}

/**
 * @param {string} argument JSON from Prisma 7, a bare URL from Prisma 6.
 * @returns {Datasource}
 */
function readDatasource(argument) {
  return argument.startsWith('{') ? JSON.parse(argument) : { url: argument }
}

/**
 * @param {string} path
 * @returns {[path: string, text: string]}
 */
function readSchema(path) {
  return [path, readFileSync(path, 'utf8')]
}
