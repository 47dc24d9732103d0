/**
 * Several invocations of the built command line, one after the other in this process, for `Project.inOneProcess`: a
 * process costs a second, an invocation hundredths of one. What each said is one JSON array on stdout.
 */
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [main = '', given = '[]'] = process.argv.slice(2)
const calls = /** @type {import('./project.js').Call[]} */ (JSON.parse(given))
const command = await import(pathToFileURL(main).href)
const folder = process.cwd()
const real = process.stdout.write.bind(process.stdout)

/** @param {NodeJS.WriteStream} stream */
function capture(stream) {
  let said = ''
  stream.write = /** @type {typeof stream.write} */ (
    (/** @type {unknown} */ chunk, /** @type {unknown[]} */ ...rest) => {
      said += chunk
      const done = rest.at(-1)
      if (typeof done === 'function') done()
      return true
    }
  )
  return () => said.replace(/\n$/, '')
}

const ran = []
for (const { args, env = {}, folder: below = '.' } of calls) {
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  const before = { ...process.env }
  Object.assign(process.env, env)
  // A command works in the folder of its config from then on.
  process.chdir(path.join(folder, below))
  process.exitCode = 0
  await command.main(args)
  for (const name of Object.keys(env)) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
  ran.push({ code: Number(process.exitCode), stdout: stdout(), stderr: stderr() })
}
process.exitCode = 0
real(JSON.stringify(ran))
