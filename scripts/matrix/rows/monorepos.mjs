import { tsconfig } from '../files.mjs'

/** `packages/db` has the schema, the client and After Party; `apps/api` uses it. */
const REPOSITORY = {
  folder: 'packages/db',
  task: 'a module of the package',
  manifest: { name: '@acme/db', exports: { '.': './src/index.ts' } },
}

const APP_MANIFEST = { name: '@acme/api', private: true, type: 'module' }

/** @param {string} version of a package of the same repository */
function files(version) {
  return {
    'apps/api/package.json': JSON.stringify({ ...APP_MANIFEST, dependencies: { '@acme/db': version } }, null, 2),
    'apps/api/tsconfig.json': tsconfig(),
    'apps/api/src/main.ts': "import { client } from '@acme/db'\n\nconsole.log(await client().note.count())\n",
    'packages/db/src/index.ts': INDEX,
  }
}

const INDEX = `import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from '../generated/prisma/client.js'

export const client = () => new PrismaClient({ adapter: new PrismaLibSql({ url: process.env.DATABASE_URL!, timeout: 5000 }) })
`

const PNPM = {
  ...REPOSITORY,
  manager: /** @type {const} */ ('pnpm'),
  files: {
    ...files('workspace:*'),
    'package.json': '{ "name": "acme", "private": true }\n',
    'pnpm-workspace.yaml': 'packages:\n  - packages/*\n  - apps/*\n',
  },
}

const NPM = {
  ...REPOSITORY,
  files: {
    ...files('*'),
    'package.json': '{ "name": "acme", "private": true, "workspaces": ["packages/*", "apps/*"] }\n',
  },
}

const FROM_THE_APP = {
  from: 'apps/api',
  installIn: ['packages/db', 'apps/api'],
  runArgs: ['--config', '../../packages/db/after-party.config.ts'],
}

/** @type {import('../row.mjs').Row[]} */
export const monorepoRows = [
  { ...PNPM, name: 'pnpm monorepo, from the package' },
  { ...PNPM, ...FROM_THE_APP, name: 'pnpm monorepo, from an app' },
  { ...NPM, name: 'npm workspaces, from the package' },
  { ...NPM, ...FROM_THE_APP, name: 'npm workspaces, from an app' },
]
