import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { usingFiles } from '../project/file-error.js'
import { findPrismaProject } from '../project/prisma-project.js'
import { prismaConfigPath } from '../project/schema/prisma-config.js'
import { defaultSchemaLocation } from '../project/schema/schema-location.js'

/** A project's Prisma, as its own command line finds it. */
export interface PrismaSetup {
  /** Where the command runs. */
  cwd: string
  /** `--config` of the Prisma CLI, if it was passed. */
  config?: string | undefined
  /** `--schema` of the Prisma CLI, if it was passed. */
  schema?: string | undefined
  env: NodeJS.ProcessEnv
}

/** A Prisma config that sees only some of the migrations. */
export interface Staged {
  /** For `--config` of the Prisma CLI. */
  config: string
  remove(): Promise<void>
}

/**
 * Copies some migrations of a directory to a scratch folder, with a Prisma config beside them that is the project's
 * own but for its migrations. Names and contents stay, so `_prisma_migrations` gets the rows that it would have got.
 */
export async function stageMigrations(
  directory: string,
  names: readonly string[],
  setup: PrismaSetup,
): Promise<Staged> {
  const scratch = await usingFiles(() => mkdtemp(path.join(tmpdir(), 'after-party-')))
  const remove = () => rm(scratch, { recursive: true, force: true })
  try {
    const staged = path.join(scratch, 'migrations')
    await usingFiles(() => copyMigrations(directory, staged, new Set(names)))
    const config = path.join(scratch, 'prisma.config.ts')
    const text = await stagedConfigText(staged, setup)
    await usingFiles(() => writeFile(config, text))
    return { config, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** With what lies beside them: `migration_lock.toml`. */
async function copyMigrations(from: string, to: string, names: ReadonlySet<string>): Promise<void> {
  await mkdir(to)
  for (const entry of await readdir(from, { withFileTypes: true }))
    if (!entry.isDirectory() || names.has(entry.name))
      await cp(path.join(from, entry.name), path.join(to, entry.name), { recursive: true })
}

async function stagedConfigText(migrations: string, { cwd, config, schema, env }: PrismaSetup): Promise<string> {
  const base = config === undefined ? await prismaConfigPath(cwd) : path.resolve(cwd, config)
  if (base !== undefined) {
    const home = path.dirname(base)
    const found = schema === undefined ? (await defaultSchemaLocation(home))?.path : path.resolve(cwd, schema)
    // Prisma resolves what a config names, and a SQLite file, from the folder of `--config`, or from where it runs.
    return configText({ base, home, migrations, schema: found, files: config === undefined ? cwd : home })
  }
  const project = await findPrismaProject({ cwd, schema, env })
  return bareConfigText({ migrations, schema: project.schema.path, cwd })
}

interface Paths {
  base: string
  home: string
  migrations: string
  schema: string | undefined
  files: string
}

function configText({ base, home, migrations, schema, files }: Paths): string {
  return `import path from 'node:path'
import base from ${JSON.stringify(base)}

const { datasource, schema } = base
const absolute = (url) => url?.replace(/^file:(?!\\/)(?!:memory:)([^?]*)/, (_, file) => 'file:' + path.resolve(${JSON.stringify(files)}, file))

export default {
  ...base,
  schema: schema === undefined ? ${JSON.stringify(schema) ?? 'undefined'} : path.resolve(${JSON.stringify(home)}, schema),
  migrations: { ...base.migrations, path: ${JSON.stringify(migrations)} },
  ...(datasource && { datasource: { ...datasource, url: absolute(datasource.url) } }),
}
`
}

/** Of a project without a Prisma config: Prisma 6, which then reads the .env files itself. */
function bareConfigText({ migrations, schema, cwd }: { migrations: string; schema: string; cwd: string }): string {
  const envFiles = [...new Set([path.join(cwd, '.env'), path.join(path.dirname(schema), '.env')])]
  return `import { existsSync } from 'node:fs'

for (const file of ${JSON.stringify(envFiles)}) if (existsSync(file)) process.loadEnvFile(file)

export default { schema: ${JSON.stringify(schema)}, migrations: { path: ${JSON.stringify(migrations)} } }
`
}
