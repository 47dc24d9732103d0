/**
 * Installs `@prisma/adapter-better-sqlite3` for the tests, beside the project rather than in it: its driver is
 * compiled where it is installed, and `npm ci` must not fail on a machine without a compiler.
 *
 * Its own package.json takes 12.x of the driver, because 13 needs Node 22.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const directory = path.join(import.meta.dirname, '..', '.generated', 'better-sqlite3')
const dependencies = { '@prisma/adapter-better-sqlite3': '7.10.0', 'better-sqlite3': '^12.6.0' }

if (works()) process.exit()
mkdirSync(directory, { recursive: true })
writeFileSync(
  path.join(directory, 'package.json'),
  JSON.stringify({ private: true, dependencies, allowScripts: { 'better-sqlite3': true } }, null, 2),
)
const npm = (/** @type {string[]} */ ...args) =>
  execFileSync('npm', args, { cwd: directory, stdio: 'inherit', shell: process.platform === 'win32' })
npm('install', '--no-audit', '--no-fund', '--ignore-scripts')
// Takes a prebuilt binary where it can be had, else node-gyp's.
npm('rebuild', 'better-sqlite3', '--foreground-scripts', '--ignore-scripts=false')
if (!works()) throw new Error('better-sqlite3 was built and does not work')

function works() {
  const script = "new (require('better-sqlite3'))(':memory:').close()"
  return existsSync(directory) && spawnSync(process.execPath, ['-e', script], { cwd: directory }).status === 0
}
