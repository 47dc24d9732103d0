/**
 * Completes package-lock.json after an `npm install` from a mirror that holds the binaries of one platform only:
 * npm then leaves the others' packages out, and `npm ci` refuses the file, on every platform. Their versions are
 * exact in the packages that want them, so they can be written without being downloaded.
 */
import { readFileSync, writeFileSync } from 'node:fs'

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }} Locked */

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const packages = /** @type {Record<string, Locked>} */ (lock.packages)
let added = 0

for (const [place, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (!/^\d/.test(version) || isThere(name, place)) continue
    packages[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true }
    added += 1
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} packages added`)

/** @param {string} name @param {string} place */
function isThere(name, place) {
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${from && `${from}/`}node_modules/${name}`]) return true
    if (from === '') return false
  }
}

/** What npm reads to leave a package alone where it can't run: `…-linux-arm64-musl`. @param {string} name */
function platformOf(name) {
  const [, os = '', cpu = '', abi = ''] =
    /-(android|darwin|freebsd|linux|openharmony|win32)-([^-]+)-?(.*)$/.exec(name) ?? []
  return {
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' && { libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] }),
  }
}
