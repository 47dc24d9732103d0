import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { messageOf, withoutUrls } from '../../define/errors.js'

/** An npm package as it is installed for a project. */
export interface InstalledPackage {
  version: string
  directory: string
  /** The script behind its binary of the same name. */
  bin: string | undefined
}

/** What `prisma validate` said of a schema. `not-run` means that it could not say anything. */
export type Verdict = { kind: 'valid' } | { kind: 'refused'; message: string } | { kind: 'not-run'; reason: string }

/** What the user's `prisma.config.*` says, as far as it matters here. Paths are absolute. */
export interface LoadedPrismaConfig {
  schema: string | undefined
  migrations: string | undefined
}

const LIMIT_MS = 60_000

/** Finds a package as a module of the project would. */
export function installedPackage(root: string, name: string): InstalledPackage | undefined {
  try {
    const file = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof json !== 'object' || json === null || !('version' in json)) return undefined
    const directory = dirname(file)
    const bin = 'bin' in json ? binOf(json.bin, name) : undefined
    return { version: String(json.version), directory, bin: bin && join(directory, bin) }
  } catch {
    return undefined
  }
}

/** Whether a module of the project can import a package. Looked up on disk: some packages can't be `require`d. */
export function isInstalled(root: string, name: string): boolean {
  const above = dirname(root)
  return existsSync(join(root, 'node_modules', name)) || (above !== root && isInstalled(above, name))
}

/** Lets the project's own Prisma judge a schema, with `standIns` in the place of connection URLs. */
export async function validateSchema(
  root: string,
  schemaPath: string,
  { env, standIns }: { env: NodeJS.ProcessEnv; standIns: Readonly<Record<string, string>> },
): Promise<Verdict> {
  const bin = installedPackage(root, 'prisma')?.bin
  if (!bin) return { kind: 'not-run', reason: 'prisma is not installed here' }
  const { ok, stdout, stderr, reason } = await runNode([bin, 'validate', '--schema', schemaPath], root, {
    // Validating runs in the CLI itself, but every command first looks for the engines and downloads them.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_QUERY_ENGINE_LIBRARY: process.execPath,
    PRISMA_QUERY_ENGINE_BINARY: process.execPath,
    ...env,
    ...standIns,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  })
  if (ok) return { kind: 'valid' }
  const output = withoutUrls(stripVTControlCharacters(`${stderr}\n${stdout}`)).trim()
  const refusal = /Error code: P1012[\s\S]*|error: [\s\S]*Validation Error Count: \d+[\s\S]*/.exec(output)
  if (refusal) return { kind: 'refused', message: refusalText(refusal[0]) }
  return { kind: 'not-run', reason: reason ?? reasonIn(output) }
}

/** The line that says what went wrong; Node's own crashes open with where. */
function reasonIn(output: string): string {
  const lines = output.split('\n').flatMap((line) => line.trim() || [])
  return lines.find((line) => /^\w*Error\b.*: ./.test(line)) ?? lines[0] ?? 'no output'
}

/**
 * Reads the project's Prisma config with the project's own `@prisma/config`, in a process of its own: a config may
 * change the environment, print, or hang. Internal to Prisma, so any failure is just `undefined`.
 */
export async function loadPrismaConfig(
  root: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<LoadedPrismaConfig | undefined> {
  const prisma = installedPackage(root, 'prisma')
  if (!prisma) return undefined
  let module: string
  try {
    module = createRequire(join(prisma.directory, 'package.json')).resolve('@prisma/config')
  } catch {
    return undefined
  }
  const { stdout } = await runNode(['-e', READ_CONFIG, '--', module, root, file], root, env)
  const line = stdout.split('\n').findLast((text) => text.startsWith(MARK))
  if (!line) return undefined
  const found: unknown = JSON.parse(line.slice(MARK.length))
  if (typeof found !== 'object' || found === null) return undefined
  return {
    schema: 'schema' in found && typeof found.schema === 'string' ? found.schema : undefined,
    migrations: 'migrations' in found && typeof found.migrations === 'string' ? found.migrations : undefined,
  }
}

const MARK = '@after-party '

// Only the two paths come back: the rest of the config may hold a password.
const READ_CONFIG = `
const [module, configRoot, configFile] = process.argv.slice(1)
require(module).loadConfigFromFile({ configRoot, configFile }).then(({ config }) => {
  const found = config && { schema: config.schema, migrations: config.migrations && config.migrations.path }
  process.stdout.write('\\n${MARK}' + JSON.stringify(found || null) + '\\n', () => process.exit(0))
}, () => process.exit(1))
`

interface Outcome {
  ok: boolean
  stdout: string
  stderr: string
  reason: string | undefined
}

function runNode(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((settle) => {
    const options = { cwd, env, timeout: LIMIT_MS, maxBuffer: 16 << 20, windowsHide: true }
    execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
      const reason = error?.killed
        ? `it took longer than ${LIMIT_MS / 1000}s`
        : typeof error?.code === 'string'
          ? messageOf(error)
          : undefined
      settle({ ok: !error, stdout, stderr, reason })
    })
  })
}

function binOf(bin: unknown, name: string): string | undefined {
  if (typeof bin === 'string') return bin
  if (typeof bin !== 'object' || bin === null) return undefined
  return Object.entries(bin).find(([key, value]) => key === name && typeof value === 'string')?.[1]
}

/** Without the code, the context and the version that Prisma puts around it. */
function refusalText(output: string): string {
  return output
    .split('\n')
    .filter((line) => !/^(Error code: P1012|\[Context: |Prisma CLI Version)/.test(line.trim()))
    .join('\n')
    .trim()
}
