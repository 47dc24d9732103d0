import path from 'node:path'
import { SourceTextModule } from 'node:vm'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { compile, makeExampleProject } from './compile.js'
import { type Block, keysIn, type Page, packagedPages, readPage, repositoryPages, section } from './pages.js'

/** Every block of TypeScript compiles, with a client of the examples' models; tables list what the types have. */

const pages = [...packagedPages(), ...repositoryPages()]
const snippets = pages.flatMap((page) =>
  page.blocks.filter(({ language }) => language === 'ts').map((block) => ({ page, block })),
)

/** By path in the project of the examples. Its place in the page is kept: an error has the page's own line. */
function snippetFiles(): Map<string, string> {
  const files = new Map<string, string>()
  for (const { page, block } of snippets) {
    const text = `${'\n'.repeat(block.line)}${block.text}\n`
    const unique = `${page.file.replaceAll(/[/.]/g, '-')}--${block.line}.ts`
    const { title = unique } = block
    files.set(files.has(title) ? path.posix.join(path.posix.dirname(title), unique) : title, text)
  }
  return files
}

/** Tables whose first column names what a type has. */
const TABLES: [page: string, section: string, type: string][] = [
  ['docs/tasks.md', 'Options', 'keyof Task'],
  ['docs/tasks.md', 'Context', 'keyof TaskContext'],
  ['docs/tasks.md', 'Transactions', 'keyof TransactionOptions'],
  ['docs/backfills.md', 'Options', `keyof BackfillOptions<'post'> | 'update' | 'run' | 'execute' | 'parallel'`],
  ['docs/testing.md', 'Options', 'keyof RunTaskOptions | keyof RunBackfillOptions'],
  ['docs/testing.md', 'Result', 'keyof TaskRunResult'],
  ['docs/config.md', 'Options', 'keyof Config'],
  ['docs/library.md', 'Options', 'keyof AfterPartyOptions'],
  ['docs/library.md', 'Methods', 'keyof AfterParty & string'],
  ['docs/library.md', 'Options of `run`', 'keyof PartyRunOptions'],
  ['docs/library.md', 'Options of `work`', `keyof NonNullable<Parameters<AfterParty['work']>[0]>`],
  ['docs/library.md', 'Events', `RunEvent['type']`],
]

function tablesFile(): string {
  const checks = TABLES.map(([file, title, type]) => {
    const keys = keysIn(section(readPage(file), title))
    return `// ${file}, ${title}\nsame<Equal<${keys.map((key) => `'${key}'`).join(' | ')}, ${type}>>()`
  })
  return `import type {
  AfterParty, AfterPartyOptions, BackfillOptions, Config, PartyRunOptions, RunEvent, Task, TaskContext, TransactionOptions,
} from 'after-party'
import type { RunBackfillOptions, RunTaskOptions, TaskRunResult } from 'after-party/testing'
import { type Equal, same } from './equal.js'

${checks.join('\n')}
`
}

describe('the examples', () => {
  let project: string
  beforeAll(async () => {
    project = await makeExampleProject()
  })

  test('compile, and tables of options are those of the types', async () => {
    expect(snippets.length).toBeGreaterThan(20)
    expect(await compile(project, new Map([...snippetFiles(), ['tables.ts', tablesFile()]]))).toBe('')
  })

  test('are not checked in vain: one that is wrong is told', async () => {
    const wrong = `import { defineTask } from 'after-party'
export default defineTask({ run: ({ prisma }) => prisma.posts.count() })`
    expect(await compile(project, new Map([['wrong.ts', wrong]]))).toMatch(/wrong\.ts.*'posts' does not exist/)
  })
})

test.each(blocksOf('js'))('the JavaScript at %s is right', (_, { text }) => {
  expect(() => new SourceTextModule(text)).not.toThrow()
})

test('every block says what it is', () => {
  const known = ['sh', 'console', 'text', 'ts', 'js', 'prisma', 'yaml', 'dockerfile', 'toml', 'json', 'ruby', 'sql']
  const others = pages.flatMap((page) =>
    page.blocks.filter(({ language }) => !known.includes(language)).map((block) => placeOf(page, block)),
  )
  expect(others.filter((place) => !place.startsWith('CONTRIBUTING.md'))).toEqual([])
})

function blocksOf(language: string): [string, Block][] {
  return pages.flatMap((page) =>
    page.blocks
      .filter((block) => block.language === language)
      .map((block): [string, Block] => [placeOf(page, block), block]),
  )
}

function placeOf({ file }: Page, { line }: Block): string {
  return `${file}:${line}`
}
