import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'

const ENV_FILES = ['.env', '.env.local', '.env.development', '.env.development.local', '.env.production']
const VARIABLE = /\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b/g

/**
 * What to do about a variable that a message names, that is not set, and that stands in a file that nothing loaded.
 *
 * @example unloadedVariable('DATABASE_URL is not set', '/app') // 'DATABASE_URL is set in .env, but nothing loads that file. …'
 */
export function unloadedVariable(message: string, directory = process.cwd()): string | undefined {
  const missing = [...new Set(message.match(VARIABLE))].filter((name) => !process.env[name])
  for (const file of ENV_FILES) {
    const held = missing.find((name) => variablesIn(path.join(directory, file))[name])
    if (held === undefined) continue
    const call = file === '.env' ? 'process.loadEnvFile()' : `process.loadEnvFile('${file}')`
    return `${held} is set in ${file}, but nothing loads that file. Call \`${call}\` in the config before it creates the client, or start the config with \`import 'dotenv/config'\`.`
  }
  return undefined
}

/** The value of a variable, as it is set, or as `.env` has it. */
export function variable(name: string, directory: string, env: NodeJS.ProcessEnv): string | undefined {
  return env[name] || variablesIn(path.join(directory, '.env'))[name]
}

function variablesIn(file: string): NodeJS.Dict<string> {
  if (!existsSync(file)) return {}
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch {
    // A folder, or a file that is not for us to read.
    return {}
  }
}
