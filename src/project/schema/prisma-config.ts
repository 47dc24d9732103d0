import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type LoadedPrismaConfig, loadPrismaConfig } from './prisma-cli.js'
import { kindOf } from './schema-location.js'

/** A project's Prisma config: its text, and the paths it names, made absolute. */
export interface PrismaConfigFile extends LoadedPrismaConfig {
  path: string
  text: string
}

const EXTENSIONS = ['.js', '.ts', '.mjs', '.cjs', '.mts', '.cts']
const CONFIG_FILES = ['prisma7.config', '.config/prisma7', 'prisma.config', '.config/prisma', '.config/prisma.config']

/** Finds and reads the Prisma config of a directory, looking where Prisma looks, in its order. */
export async function findPrismaConfig(root: string, env: NodeJS.ProcessEnv): Promise<PrismaConfigFile | undefined> {
  const path = await prismaConfigPath(root)
  if (path === undefined) return undefined
  const text = await readFile(path, 'utf8')
  return { path, text, ...(await pathsOf(path, text, root, env)) }
}

/** The Prisma config of a directory, if there is one. */
export async function prismaConfigPath(root: string): Promise<string | undefined> {
  for (const name of CONFIG_FILES.flatMap((base) => EXTENSIONS.map((extension) => base + extension))) {
    const path = join(root, name)
    if ((await kindOf(path)) === 'file') return path
  }
  return undefined
}

/**
 * Asks Prisma itself. `env('X')` of a variable that is not set makes the config throw, so it is asked again with
 * such variables set to something; failing that, the text is read.
 */
async function pathsOf(path: string, text: string, root: string, env: NodeJS.ProcessEnv): Promise<LoadedPrismaConfig> {
  const unset = Object.fromEntries(envCallsOf(text).flatMap((name) => (env[name] ? [] : [[name, 'stand-in']])))
  return (
    (await loadPrismaConfig(root, path, env)) ??
    (Object.keys(unset).length > 0 ? await loadPrismaConfig(root, path, { ...env, ...unset }) : undefined) ??
    absolute(pathsInConfigText(text), dirname(path))
  )
}

function absolute(paths: LoadedPrismaConfig, base: string): LoadedPrismaConfig {
  return {
    schema: paths.schema === undefined ? undefined : resolve(base, paths.schema),
    migrations: paths.migrations === undefined ? undefined : resolve(base, paths.migrations),
  }
}

/** The paths that a Prisma config names in plain words, as they stand there. */
export function pathsInConfigText(text: string): LoadedPrismaConfig {
  const code = withoutJsComments(text)
  const schema = /\bschema\s*:\s*(path\.(?:join|resolve)\([^)]*\)|['"`][^'"`]+['"`])/.exec(code)?.[1]
  const migrations = /\bmigrations\s*:\s*\{[^}]*?\bpath\s*:\s*(path\.(?:join|resolve)\([^)]*\)|['"`][^'"`]+['"`])/.exec(
    code,
  )
  return { schema: joinedLiterals(schema), migrations: joinedLiterals(migrations?.[1]) }
}

/** The variables that a Prisma config asks for with `env('…')`, which throws when they are not set. */
export function envCallsOf(configText: string): string[] {
  const calls = withoutJsComments(configText).matchAll(/\benv\s*(?:<[^>]*>)?\s*\(\s*['"`](\w+)['"`]\s*\)/g)
  return [...new Set([...calls].flatMap(([, name]) => name ?? []))]
}

/** Takes `//` and block comments out of JavaScript. Good enough for finding words; strings are left alone. */
export function withoutJsComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, literal?: string) => literal ?? ' ',
  )
}

function joinedLiterals(expression: string | undefined): string | undefined {
  const literals = [...(expression?.matchAll(/['"`]([^'"`]+)['"`]/g) ?? [])].flatMap(([, text]) => text ?? [])
  return literals.length > 0 ? literals.join('/') : undefined
}
