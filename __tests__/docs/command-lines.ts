import { type Block, codeSpans, type Page } from './pages.js'

/** A command that a page shows. */
export interface CommandLine {
  /** The words after `npx`. */
  words: string[]
  /** Where it stands. */
  place: string
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

/** What a line of a shell runs: split at `&&`, without `npx` and comments. */
function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]]
  for (const [token] of line.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)) {
    if (token.startsWith('#')) break
    if (token === '&&') commands.push([])
    else commands.at(-1)?.push(token.replace(/^(['"])([\s\S]*)\1$/, '$2'))
  }
  return commands.map((words) => (words[0] === 'npx' ? words.slice(1) : words))
}
