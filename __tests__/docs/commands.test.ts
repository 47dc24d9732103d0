import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import yargs from 'yargs'
import { COMMANDS } from '../../src/cli/main.js'
import { repository } from '../support/paths.mjs'
import { blockCommands, namedCommands, parseCommand } from './command-lines.js'
import { codeSpans, keysIn, packagedPages, readPage, repositoryPages, section, tableIn } from './pages.js'

/** Every command that a page shows is one that the command line takes; docs/commands.md has every option of it. */

const pages = [...packagedPages(), ...repositoryPages()]
const page = readPage('docs/commands.md')
const scripts = Object.keys(
  (JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { scripts: object }).scripts,
)

/** The options that a command has, in the words of the command line. */
function optionsOf(command: (typeof COMMANDS)[number]): string[] {
  const { builder, command: usage } = command
  if (typeof builder !== 'function') throw new Error(`${usage} has no builder`)
  const positionals = [...String(usage).matchAll(/[[<](\w+)/g)].map(([, name]) => name)
  const made = builder(yargs([]).help(false).version(false)) as unknown as {
    getOptions(): { key: object; boolean: string[]; default: Record<string, unknown> }
  }
  const { key, default: defaults } = made.getOptions()
  return Object.keys(key)
    .filter((name) => !positionals.includes(name))
    .map((name) => (defaults[name] === true ? `--no-${name}` : `--${name}`))
    .sort()
}

describe('the commands that pages show', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })
  const typed = pages.flatMap(blockCommands).filter(({ words }) => words[0] === 'after-party')
  const named = pages.flatMap(namedCommands)

  test('are there', () => {
    expect(typed.length).toBeGreaterThan(30)
    expect(named.length).toBeGreaterThan(30)
  })

  test.each(typed.map(({ place, words }) => [place, words] as const))('%s', async (_, [, ...words]) => {
    // What --help prints is not for the eyes of who runs the tests.
    jest.spyOn(console, 'log').mockReturnValue()
    await parseCommand(words)
  })

  test('have their right names in prose too', () => {
    const wrong = named.filter(({ words: [name, ...words] }) => {
      if (name === undefined || ['--help', 'help', 'completion', '<command>'].includes(name)) return false
      const command = COMMANDS.find((each) => String(each.command).split(' ')[0] === name)
      const known = command ? [...optionsOf(command), '--help'] : []
      return !command || words.some((word) => word.startsWith('--') && !known.includes(word))
    })
    expect(wrong.map(({ place }) => place)).toEqual([])
  })

  test('a command or an option that is not there is noticed', async () => {
    await expect(parseCommand(['runn'])).rejects.toThrow('Unknown command: runn')
    await expect(parseCommand(['run', '--dry-runn'])).rejects.toThrow('Unknown option: --dry-runn')
    await expect(parseCommand(['run', '--lease', 'soon'])).rejects.toThrow('not a duration')
  })
})

test('the npm scripts that pages show are in package.json', () => {
  const shown = pages.flatMap((each) =>
    [...each.text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script = '']) => `${each.file}: ${script}`),
  )
  expect(shown.filter((each) => !scripts.includes(each.split(': ')[1] ?? ''))).toEqual([])
})

describe('docs/commands.md', () => {
  const common = keysIn(section(page, 'Options of every command')).map((key) => key.split(' ')[0] ?? '')
  const words = (usage: string) => `after-party ${usage.replace(/\.\.(?=[\]>])/, '...')}`

  test('has every command', () => {
    const titles = page.headings.filter(({ level }) => level === 2).flatMap(({ title }) => codeSpans(title))
    expect(titles).toEqual(COMMANDS.map(({ command }) => words(String(command))))
  })

  test.each(COMMANDS.map((command) => [words(String(command.command)), command] as const))(
    'has every option of `%s`, and no other',
    (title, command) => {
      const text = section(page, `\`${title}\``)
      const own = keysIn(text.slice(text.indexOf('| option')))
      const notFor = (option: string) =>
        tableIn(section(page, 'Options of every command'))
          .filter(([first = '']) => first.startsWith(`\`${option}`))
          .some(([, , except = '']) => codeSpans(except).includes(title.split(' ')[1] ?? ''))
      const shared = common.filter((option) => !/^--(help|version)$|^-[hv]$/.test(option) && !notFor(option))
      expect([...own.map((key) => key.split(' ')[0]), ...shared].sort()).toEqual(optionsOf(command))
    },
  )

  test('says which options take a value', () => {
    const taking = keysIn(section(page, '`after-party run [names...]`').replace(/[\s\S]*?\| option/, '| option'))
    for (const key of taking) {
      const [option = '', value] = key.split(' ')
      const flag = ['--dry-run', '--rehearse', '--json', '--no-wait', '--fresh', '--skip-migration-check'].includes(
        option,
      )
      expect([key, value === undefined]).toEqual([key, flag])
    }
  })
})
