/**
 * @typedef {{ url?: string, shadowDatabaseUrl?: string }} Datasource
 * @typedef {object} CommandLine
 * @property {boolean} version
 * @property {string[]} datamodels Texts of the schema files.
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
    else if (word === '--datamodels') commandLine.datamodels.push(args[++i])
    else if (word === '--datasource') commandLine.datasource = JSON.parse(args[++i]) ?? {}
    else if (word === 'cli') commandLine.databaseCommand = args[++i]
    else if (word.startsWith('--')) i++
  }
  return commandLine
}
