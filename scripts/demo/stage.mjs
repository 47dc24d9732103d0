import { styleText } from 'node:util'

/** @param {Parameters<typeof styleText>[0]} style @param {string} text */
const styled = (style, text) => styleText(style, text, { stream: process.stdout })

/** What the demo itself says, between the commands. */
export const say = {
  /** @param {string} title */
  scene: (title) => console.log(`\n${styled('bold', `── ${title} `.padEnd(100, '─'))}\n`),
  /** @param {string} text */
  text: (text) => console.log(text),
  /** @param {string} line */
  prompt: (line) => console.log(`\n${styled('cyan', `$ ${line}`)}`),
}

/**
 * Types command lines as a person would, and runs them, as `&&` does: until one does not end with 0.
 * Throws when the last exit code is not the wanted one.
 * @param {import('./blog.mjs').Blog} blog
 * @param {string[]} commands without npx
 * @param {number} wanted
 */
export async function type(blog, commands, wanted = 0) {
  say.prompt(commands.map((command) => `npx ${command}`).join(' && '))
  let code = 0
  for (const command of commands) {
    code = await blog.run(command)
    if (code !== 0) break
  }
  if (wanted !== 0) say.text(styled('dim', `(exit code ${code})`))
  if (code !== wanted) throw new Error(`${commands.join(' && ')} ended with ${code} rather than ${wanted}`)
}

/**
 * Sets a variable for the commands to come.
 * @param {import('./blog.mjs').Blog} blog
 * @param {string} name
 * @param {string} value
 * @param {string} meaning
 */
export function set(blog, name, value, meaning) {
  blog.env[name] = value
  say.prompt(`export ${name}=${value}   ${styled('dim', `# ${meaning}`)}`)
}

/**
 * Runs a command that is not worth watching. Throws, having shown what it said, when it fails.
 * @param {import('./blog.mjs').Blog} blog
 * @param {string} command
 */
export async function quietly(blog, command) {
  const code = await blog.run(command, { quiet: true })
  if (code !== 0) throw new Error(`${command} ended with ${code}`)
}

/**
 * Asks the database for one number, and says what it is. Throws when it is not the wanted one.
 * @param {import('./blog.mjs').Blog} blog
 * @param {string} what
 * @param {number} wanted
 * @param {string} sql
 */
export async function check(blog, what, wanted, sql) {
  const found = Number((await blog.query(sql))[0]?.[0])
  if (found !== wanted) throw new Error(`${what}: ${found} rather than ${wanted}`)
  say.text(`${styled('green', '✔')} ${what}: ${found.toLocaleString('en')}`)
}
