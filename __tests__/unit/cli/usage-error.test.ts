import { describe, expect, test } from '@jest/globals'
import type { Argv, CommandModule } from 'yargs'
import { parser } from '../../../src/cli/main.js'
import { repeatable } from '../../../src/cli/options.js'
import { refuseFlagValues, usageError } from '../../../src/cli/usage-error.js'

const WORDS = { commands: ['init', 'run', 'status'], options: ['dry-run', 'dryRun', 'json', 'wait', 'lock-timeout'] }
const told = (found: string, ...args: string[]) => {
  const { code, what, next } = usageError(found, args, WORDS)
  expect(code).toBe('usage')
  return [what, next]
}

describe('an invocation that is not right', () => {
  test('an unknown command is told with the nearest, when one is near', () => {
    expect(told('Unknown argument: rnu', 'rnu')).toEqual([
      'Unknown command: rnu.',
      'Did you mean run? See `npx after-party --help`.',
    ])
    expect(told('Unknown argument: fireworks', 'fireworks')).toEqual([
      'Unknown command: fireworks.',
      'Run `npx after-party --help`.',
    ])
  })

  test('an unknown option is told once, as it was typed, with the nearest', () => {
    expect(told('Unknown arguments: dry-rnu, dryRnu', 'run', '--dry-rnu')).toEqual([
      'Unknown option: --dry-rnu.',
      'Did you mean --dry-run? See `npx after-party run --help`.',
    ])
    expect(told('Unknown argument: jsn', 'run', '--jsn=true')[1]).toContain('--json')
    expect(told('Unknown argument: wat', 'run', '--no-wat')[1]).toContain('--wait')
    expect(told('Unknown arguments: foo, bar', 'run', '--foo', '--bar')[0]).toBe('Unknown option: --foo, --bar.')
  })

  test('an argument too many is no option', () => {
    expect(told('Unknown argument: foo', 'status', 'foo')[0]).toBe('Unknown argument: foo.')
  })
})

test('a repeatable option takes one value each time, and another is refused twice', async () => {
  const seen: unknown[] = []
  const command = {
    command: 'go [names..]',
    describe: 'Goes',
    builder: (yargs: Argv) =>
      yargs.option('tag', repeatable('A tag')).option('env', { type: 'string', describe: 'Where' }),
    handler: ({ names, tag }: { names?: unknown; tag?: unknown }) => void seen.push([names, tag]),
  }
  const parse = (...args: string[]) => parser(args, [command as CommandModule]).parseAsync()
  await parse('go', '--tag', 'a', 'name', '--tag=b')
  expect(seen).toEqual([[['name'], ['a', 'b']]])
  await expect(async () => parse('go', '--env', 'a', '--env', 'b')).rejects.toThrow('--env was passed twice')
})

describe('a flag', () => {
  const refuse = (...args: string[]) => refuseFlagValues(args, ['dry-run', 'json', 'wait'])

  test.each([['--dry-run'], ['--dry-run=true'], ['--dry-run=false'], ['--no-wait'], ['--lease=10s'], ['dry-run=yes']])(
    'may be %s',
    (arg) => {
      expect(() => refuse('run', arg)).not.toThrow()
    },
  )

  test.each([['--dry-run=yes'], ['--dry-run=1'], ['--json='], ['--no-wait=maybe'], ['--dry-run=TRUE']])(
    'can’t be %s, which would count as off',
    (arg) => {
      expect(() => refuse('run', arg)).toThrow('takes true or false')
    },
  )

  test('is looked for before -- only', () => {
    expect(() => refuse('run', '--', '--dry-run=yes')).not.toThrow()
  })
})
