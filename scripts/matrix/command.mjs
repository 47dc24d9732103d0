import { spawn } from 'node:child_process'
import path from 'node:path'
import { schemaEngineEnv } from '../schema-engine-env.mjs'

/**
 * A command of a row that ended otherwise than it should.
 */
export class CommandFailed extends Error {
  /** @param {string} what @param {string} output */
  constructor(what, output) {
    super(what)
    this.output = output
  }
}

/**
 * @typedef {object} Ran
 * @property {number} code
 * @property {string} stdout
 * @property {string} stderr
 * @property {string} output Both, as they came.
 */

/**
 * Runs a program without a shell. Throws a `CommandFailed` when it ends with another code than `wanted`.
 *
 * @param {string[]} command
 * @param {{ cwd: string, env?: Record<string, string>, wanted?: number, path?: string[] }} options
 * @returns {Promise<Ran>}
 */
export async function run([program = '', ...args], { cwd, env = {}, wanted = 0, path: places = [] }) {
  const shown = [program, ...args].join(' ')
  const ran = await /** @type {Promise<Ran>} */ (
    new Promise((resolve, reject) => {
      const PATH = [...places, process.env.PATH].join(path.delimiter)
      const child = spawn(program, args, {
        cwd,
        env: { ...cleanEnv(), ...env, PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const said = { stdout: '', stderr: '', output: '' }
      for (const name of /** @type {const} */ (['stdout', 'stderr']))
        child[name].setEncoding('utf8').on('data', (text) => {
          said[name] += text
          said.output += text
        })
      child.on('error', (error) => reject(new CommandFailed(`${shown}: ${error.message}`, '')))
      child.on('close', (code, signal) => resolve({ ...said, code: code ?? (signal === null ? -1 : 128) }))
    })
  )
  if (ran.code !== wanted) throw new CommandFailed(`\`${shown}\` ended with ${ran.code}, not ${wanted}`, ran.output)
  return ran
}

/** What a person's or a CI's own settings would change, such as `DATABASE_URL`, is left out. */
function cleanEnv() {
  const kept = [
    'HOME',
    'TMPDIR',
    'LANG',
    'npm_config_registry',
    'npm_config_cache',
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
  ]
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']
  const entries = [...kept, ...proxies].flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? '']] : []))
  return { ...Object.fromEntries(entries), ...schemaEngineEnv(), NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1' }
}
