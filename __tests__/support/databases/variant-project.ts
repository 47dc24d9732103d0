import { cp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createDatabase, type Database } from '../databases.js'
import { unpacked } from '../paths.mjs'
import { stackCli, stackDirectory } from './stack.mjs'
import { VARIANTS, type VariantName } from './variants.mjs'

/** What a project on a variant is besides its files. */
export interface VariantProject {
  database: Database
  /** For every command. */
  env: Record<string, string>
  prismaCli: string
}

/**
 * Makes a directory a team's project on a variant: the package installed, the ledger's models in the schema, the
 * client generated, the database migrated.
 */
export async function makeVariantProject(directory: string, variant: VariantName): Promise<VariantProject> {
  const database = await createDatabase(variant)
  const stack = await stackDirectory(VARIANTS[variant].stack)
  await cp(stack, directory, { recursive: true, verbatimSymlinks: true })
  await rm(path.join(directory, 'base.db'), { force: true })
  await cp(unpacked, path.join(directory, 'node_modules/after-party'), { recursive: true })
  await writeFile(path.join(directory, 'after-party.config.ts'), config(variant))
  return {
    database,
    env: { DATABASE_URL: database.url, DIRECT_URL: database.directUrl },
    prismaCli: stackCli(stack),
  }
}

function config(variant: VariantName): string {
  return `import { defineConfig } from 'after-party'
import { connect } from './clients/${variant}.js'

export const client = () => connect(process.env['DATABASE_URL'] ?? '')

export default defineConfig({ client, tasks: 'prisma/after-party', migrations: 'prisma/migrations' })
`
}
