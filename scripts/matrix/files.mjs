import path from 'node:path'
import { MANAGERS } from './managers.mjs'
import { folderOf } from './row.mjs'

export const PRISMA = { 6: '6.19.3', 7: '7.10.0' }

/**
 * The files of a row's project: those of an ordinary project as `prisma init` and the guides make it, and its own.
 *
 * @param {import('./row.mjs').Row} row
 * @returns {Record<string, string | null>}
 */
export function filesOf(row) {
  const folder = folderOf(row)
  const below = Object.entries(packageFiles(row)).map(([file, text]) => [path.posix.join(folder, file), text])
  return { ...Object.fromEntries(below), ...MANAGERS[row.manager ?? 'npm'].files, ...row.files }
}

/** @param {import('./row.mjs').Row} row @returns {Record<string, string>} */
function packageFiles(row) {
  const { modules = 'esm', database = 'sqlite', plain } = row
  return {
    'package.json': `${JSON.stringify(manifest(row), null, 2)}\n`,
    'prisma.config.ts': prismaConfig(row),
    'prisma/schema.prisma': schema(row),
    ...(database === 'sqlite' && { '.env': 'DATABASE_URL="file:./dev.db"\n' }),
    '.gitignore': 'node_modules\ngenerated\n.env\n',
    ...(!plain && { 'tsconfig.json': tsconfig(), 'src/greeting.ts': GREETING }),
    ...(plain && { 'src/greeting.js': modules === 'esm' ? PLAIN_ESM : PLAIN_CJS }),
  }
}

const GREETING = `export function greeting(name: string): string {
  return \`hello \${name}\`
}
`
const PLAIN_ESM = "export const greeting = (name) => 'hello ' + name\n"
const PLAIN_CJS = "exports.greeting = (name) => 'hello ' + name\n"

/** @param {Partial<import('./row.mjs').Row>} row */
function manifest({ prisma = 7, database = 'sqlite', modules = 'esm', packages = {}, plain, manifest = {} }) {
  const version = PRISMA[prisma]
  const all = {
    '@prisma/client': version,
    [database === 'sqlite' ? '@prisma/adapter-libsql' : '@prisma/adapter-pg']: version,
    prisma: version,
    dotenv: '^17.0.0',
    ...(!plain && { typescript: '^5.9.3', '@types/node': '^22.0.0' }),
    ...packages,
  }
  const dependencies = Object.fromEntries(Object.entries(all).filter(([, wanted]) => wanted !== ''))
  const devDependencies = take(dependencies, (name) =>
    /^(typescript|@types\/|@nestjs\/cli|@swc\/|@swc-node\/)/.test(name),
  )
  return {
    name: 'app',
    private: true,
    ...(modules === 'esm' && { type: 'module' }),
    ...manifest,
    dependencies,
    devDependencies,
  }
}

/** @param {Record<string, string>} all @param {(name: string) => boolean} wanted */
function take(all, wanted) {
  const taken = Object.entries(all).filter(([name]) => wanted(name))
  for (const [name] of taken) delete all[name]
  return Object.fromEntries(taken)
}

/** @param {Partial<import('./row.mjs').Row>} row */
export function prismaConfig({ prisma = 7, database = 'sqlite' }, schemaPath = 'prisma/schema.prisma') {
  const sqlite = database === 'sqlite'
  const [name, Adapter] = sqlite ? ['libsql', 'PrismaLibSQL'] : ['pg', 'PrismaPg']
  const given = sqlite ? "{ url: process.env['DATABASE_URL']! }" : "{ connectionString: process.env['DATABASE_URL']! }"
  if (prisma === 6)
    return `import 'dotenv/config'
import { ${Adapter} } from '@prisma/adapter-${name}'
import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: '${schemaPath}',
  migrations: { path: 'prisma/migrations' },
  experimental: { adapter: true },
  engine: 'js',
  adapter: async () => new ${Adapter}(${given}),
})
`
  return `import 'dotenv/config'
import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: '${schemaPath}',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] },
})
`
}

export const MODELS = `model Note {
  id   Int    @id @default(autoincrement())
  text String
}
`

/** @param {Partial<import('./row.mjs').Row>} row */
export function datasource({ prisma = 7, database = 'sqlite' }) {
  return `datasource db {
  provider = "${database}"${prisma === 6 ? '\n  url      = env("DATABASE_URL")' : ''}
}
`
}

/** @param {Partial<import('./row.mjs').Row>} row */
export function generator({ prisma = 7, generator = 'prisma-client' }, output = '../generated/prisma') {
  const engine = prisma === 6 ? '\n  engineType = "client"' : ''
  if (generator === 'prisma-client-js') return `generator client {\n  provider = "prisma-client-js"${engine}\n}\n`
  return `generator client {\n  provider = "prisma-client"\n  output = "${output}"${engine}\n}\n`
}

/** @param {Partial<import('./row.mjs').Row>} row */
export function schema(row) {
  return `${generator(row)}\n${datasource(row)}\n${MODELS}`
}

/**
 * The tsconfig of an ordinary project, with other options.
 *
 * @param {Record<string, unknown>} options of the compiler
 * @param {Record<string, unknown>} rest
 */
export function tsconfig(options = {}, rest = {}) {
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    ...options,
  }
  return `${JSON.stringify({ compilerOptions, ...rest }, null, 2)}\n`
}
