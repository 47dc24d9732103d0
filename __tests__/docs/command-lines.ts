import { COMMANDS, parser } from '../../src/cli/main.js'
import { type Block, codeSpans, type Page } from './pages.js'

/** A command that a page shows. */
export interface CommandLine {
  /** The words after `npx`. */
  words: string[]
  /** Where it stands. */
  place: string
}

/** The real command line, which parses and does nothing. */
export async function parseCommand(words: readonly string[]): Promise<void> {
  const idle = COMMANDS.map((command) => ({ ...command, handler: () => {} }))
  await parser(words, idle).parseAsync()
}

/** The commands of the shell blocks of a page, in order. */
export function blockCommands({ file, blocks }: Page): CommandLine[] {
  return blocks.flatMap((block) =>
    commandsOf(block).map((words) => ({ words, place: `${file}:${block.line}: ${words.join(' ')}` })),
  )
}

/** The commands of one block: of `sh` every line, of `console` those after a dollar sign; of others none. */
export function commandsOf({ language, text }: Pick<Block, 'language' | 'text'>): string[][] {
  if (language !== 'sh' && language !== 'console') return []
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const typed = language === 'sh' ? lines : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
  return typed.flatMap(simpleCommands)
}

/** Where prose, or a block of another language, names a command of this package: the words as far as they go. */
export function namedCommands({ file, text, blocks }: Page): CommandLine[] {
  const others = blocks.filter(({ language }) => !['sh', 'console'].includes(language)).map((block) => block.text)
  return [...codeSpans(text), ...others]
    .flatMap((code) => [...code.matchAll(/(?:^|\bnpx )after-party((?: [\w.<>[\]-]+)*)/g)])
    .map(([, words = '']) => words.trim().split(' ').filter(Boolean))
    .map((words) => ({ words, place: `${file}: after-party ${words.join(' ')}` }))
}

/** The commands of this package in a text of a shell, also behind a variable, a path, `exec` or `npx`, and in quotes. */
export function shellCommands(text: string): string[][] {
  return text.split('\n').flatMap(simpleCommands).flatMap(ownCommand)
}

/** The same of a list of words: what follows `sh -c` is a text of a shell. */
export function listedCommands(words: readonly string[]): string[][] {
  const [shell = '', flag, text] = words
  return /^(\/bin\/)?(ba)?sh$/.test(shell) && flag === '-c' && text !== undefined
    ? shellCommands(text)
    : ownCommand(words)
}

function ownCommand(words: readonly string[]): string[][] {
  const at = words.findIndex(
    (word, index) =>
      word.endsWith('node_modules/.bin/after-party') ||
      (word === 'after-party' && (index === 0 || ['npx', 'exec', 'then'].includes(words[index - 1] ?? ''))),
  )
  if (at !== -1) return [['after-party', ...words.slice(at + 1)]]
  return words.filter((word) => word.includes(' ')).flatMap(shellCommands)
}

/** What a line of a shell runs: split at `&&` and the like, without `npx`, paths to binaries and comments. */
function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]]
  for (const [token] of line.matchAll(/'[^']*'|"(?:\\.|[^"\\])*"|&&|\|\|?|;|[^\s'"&|;]+/g)) {
    if (token.startsWith('#')) break
    if (/^(&&|\|\|?|;)$/.test(token)) commands.push([])
    else commands.at(-1)?.push(token.replace(/^(['"])([\s\S]*)\1$/, '$2'))
  }
  return commands.map(([first = '', ...words]) => {
    if (first === 'npx') return words
    return [first.replace(/^node_modules\/\.bin\//, ''), ...words]
  })
}
