import { AfterPartyError } from '../define/errors.js'
import { nearest } from '../define/nearest.js'

/** What may be typed: the commands, and the options of the command that was. */
interface Vocabulary {
  commands: readonly string[]
  options: readonly string[]
}

/** What yargs found wrong with an invocation, with the nearest right word, and where to read on. */
export function usageError(found: string, args: readonly string[], { commands, options }: Vocabulary): AfterPartyError {
  const command = args[0] !== undefined && commands.includes(args[0]) ? args[0] : undefined
  const help = `\`npx after-party ${command ? `${command} ` : ''}--help\``
  const error = (what: string, near?: string) =>
    new AfterPartyError('usage', { what, next: near ? `Did you mean ${near}? See ${help}.` : `Run ${help}.` })
  if (found.startsWith('Not enough non-option arguments')) return error('Missing argument: `<name>`.')
  const [, unknown] = /^Unknown arguments?: (.*)$/.exec(found) ?? []
  if (unknown === undefined) return error(found)
  if (args[0] !== undefined && !args[0].startsWith('-') && !command)
    return error(`Unknown command: ${args[0]}.`, nearest(args[0], commands))
  // Yargs names an option twice, as it was typed and in camel case.
  const words = unknown.split(', ').filter((word) => args.some((arg) => optionOf(arg) === word))
  const [word = unknown] = words
  if (!args.some((arg) => arg.startsWith('--') && optionOf(arg) === word))
    return error(`Unknown argument: ${words.join(', ') || unknown}.`)
  const near = nearest(word, options)
  return error(`Unknown option: ${words.map((each) => `--${each}`).join(', ')}.`, near && `--${near}`)
}

/** The command line takes `--dry-run=yes` for `--dry-run=false`, and would run: only true and false are values. */
export function refuseFlagValues(args: readonly string[], flags: readonly string[]): void {
  const end = args.indexOf('--')
  for (const arg of end === -1 ? args : args.slice(0, end)) {
    const [, flag, value] = /^--(?:no-)?([\w-]+)=(.*)$/s.exec(arg) ?? []
    if (flag === undefined || !flags.includes(flag) || value === 'true' || value === 'false') continue
    throw new AfterPartyError('usage', {
      what: `--${flag} takes true or false, not ${JSON.stringify(value)}.`,
      next: `Pass --${flag} or --${flag}=false.`,
    })
  }
}

/** Of two values for one option nobody can say which is meant. */
export function refuseTwice(args: readonly string[], options: readonly string[]): void {
  const end = args.indexOf('--')
  const given = (end === -1 ? args : args.slice(0, end)).filter((arg) => arg.startsWith('--')).map(optionOf)
  const twice = options.find((option) => given.indexOf(option) !== given.lastIndexOf(option))
  if (twice === undefined) return
  throw new AfterPartyError('usage', { what: `--${twice} was passed twice.`, next: 'Pass it once.' })
}

/** The word of `--word`, `--word=value` and `--no-word`, as yargs names it. */
function optionOf(arg: string): string {
  return arg.replace(/^--(no-)?|^-/, '').split('=')[0] ?? ''
}
