#!/usr/bin/env node
/**
 * Stands in for Prisma's `schema-engine` binary, in demos and tests only: users of the package
 * never need it.
 *
 * The Prisma CLI downloads that binary for nearly every command, from a host that is not a package
 * registry. Where that host can't be reached, `PRISMA_SCHEMA_ENGINE_BINARY=<path of this file>`
 * lets the real CLI run all the same (schema-engine-env.mjs builds the environment). The engine
 * underneath is Prisma's own, as WebAssembly, over the ordinary driver adapters; it knows SQLite
 * and PostgreSQL. For MySQL and MariaDB, which it does not know, schema-engine/mysql-engine.mjs
 * keeps the migration history (deploy, status, resolve, reset) and nothing that compares schemas.
 *
 * How the CLI of Prisma 7 calls it (what 6 does otherwise is in schema-engine/prisma-6.mjs):
 *   schema-engine [--datamodels <schema file>]... [--datasource '{"url": ...}']
 *     then JSON-RPC requests on stdin, one a line
 *   schema-engine --datasource '{"url": ...}' cli can-connect-to-database | create-database
 *   schema-engine --version
 */
import { readFileSync } from 'node:fs'
import { parseCommandLine } from './schema-engine/command-line.mjs'
import { runDatabaseCommand } from './schema-engine/database-commands.mjs'
import { createEngine } from './schema-engine/engine.mjs'
import { datasourceFromSchema } from './schema-engine/prisma-6.mjs'
import { serveRequests } from './schema-engine/rpc.mjs'

const commandLine = parseCommandLine(process.argv.slice(2))

if (commandLine.version) {
  // `<name> <hash>`; the WASM package's version ends with the hash of its engine.
  const manifest = new URL('package.json', import.meta.resolve('@prisma/schema-engine-wasm'))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  console.log(`schema-engine-cli ${version.slice(version.lastIndexOf('-') + 1)}`)
} else if (commandLine.databaseCommand !== undefined) {
  process.exitCode = await runDatabaseCommand(commandLine.databaseCommand, commandLine.datasource)
} else {
  const served = datasourceFromSchema(commandLine)
  await serveRequests(createEngine(served), served.datasource)
}
