import { spawn } from 'node:child_process'

/**
 * What a process did, seen from outside.
 *
 * @typedef {{ ms: number, stdout: string, stderr: string }} Ended
 */

/**
 * Runs a Node program to its end. Throws when it fails.
 *
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: Record<string, string> }} options
 * @returns {Promise<Ended>}
 */
export function runNode(args, { cwd, env = {} }) {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text) => {
      stdout += text
    })
    child.stderr.on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const ms = performance.now() - began
      if (code === 0) resolve({ ms, stdout, stderr })
      else reject(new Error(`${args.join(' ')} ended with ${code}\n${stdout}${stderr}`))
    })
  })
}
