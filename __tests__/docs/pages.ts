import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { repository } from '../support/paths.mjs'

/** A page of the documentation, taken apart. */
export interface Page {
  /** Its path in the repository, with forward slashes. */
  file: string
  text: string
  headings: Heading[]
  blocks: Block[]
}

export interface Heading {
  /** As it is written, without the number signs. */
  title: string
  level: number
  line: number
  /** What a link to it ends in, as GitHub and npm make it. */
  anchor: string
}

/** A fenced block. */
export interface Block {
  /** The first word after the fence. */
  language: string
  /** What stands in brackets after it: the file that it belongs into. */
  title: string | undefined
  text: string
  /** The line of its fence, from 1. */
  line: number
  /** The heading that it stands under. */
  heading: string | undefined
}

/** What goes into the tarball. */
export function packagedPages(): Page[] {
  return ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'llms.txt', ...markdownIn('docs')].map(readPage)
}

/** The recipes for platforms. */
export function recipePages(): Page[] {
  return markdownIn('docs/deploy').map(readPage)
}

function markdownIn(folder: string): string[] {
  const files = readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join(folder, ...file.split(path.sep)))
    .sort()
}

/** What stays in the repository. */
export function repositoryPages(): Page[] {
  const examples = readdirSync(path.join(repository, 'examples')).map((name) => `examples/${name}/README.md`)
  return ['CONTRIBUTING.md', 'AGENTS.md', ...examples, 'bench/README.md'].map(readPage)
}

/** The page of a path in the repository. */
export function readPage(file: string): Page {
  const text = readFileSync(path.join(repository, file), 'utf8')
  return { file, text, ...takeApart(text) }
}

function takeApart(text: string): Pick<Page, 'headings' | 'blocks'> {
  const headings: Heading[] = []
  const blocks: Block[] = []
  const anchors = new Map<string, number>()
  let open: { fence: string; block: Block; lines: string[] } | undefined
  for (const [at, line] of text.split('\n').entries()) {
    if (open) {
      if (line.trim() !== open.fence) open.lines.push(line)
      else {
        blocks.push({ ...open.block, text: open.lines.join('\n') })
        open = undefined
      }
      continue
    }
    const [, fence, language = '', title] = /^ *(`{3,})(\w*)(?: \[(.+)\])? *$/.exec(line) ?? []
    if (fence !== undefined) {
      const heading = headings.at(-1)?.title
      open = { fence, block: { language, title, text: '', line: at + 1, heading }, lines: [] }
      continue
    }
    const [, signs, title2] = /^(#{1,6}) (.+)$/.exec(line) ?? []
    if (signs === undefined || title2 === undefined) continue
    const slug = slugOf(title2)
    const times = anchors.get(slug) ?? 0
    anchors.set(slug, times + 1)
    headings.push({
      title: title2,
      level: signs.length,
      line: at + 1,
      anchor: times === 0 ? slug : `${slug}-${times}`,
    })
  }
  if (open) throw new Error(`a fence is not closed: line ${open.block.line}`)
  return { headings, blocks }
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

/** The text without fenced blocks and without code spans: what is read as Markdown. */
export function prose(text: string): string {
  return text.replace(/^ *(`{3,})[\s\S]*?^ *\1 *$/gm, '').replace(/(`+)[^`]+\1/g, '')
}

/** What stands in code spans, outside of fenced blocks. */
export function codeSpans(text: string): string[] {
  return [...text.replace(/^ *(`{3,})[\s\S]*?^ *\1 *$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '')
}

/** The text of a section, from its heading to the next of its level or above. */
export function section({ file, text, headings }: Page, title: string): string {
  const at = headings.findIndex((heading) => heading.title === title)
  const heading = headings[at]
  if (!heading) throw new Error(`${file} has no section ${title}`)
  const next = headings.slice(at + 1).find(({ level }) => level <= heading.level)
  return text
    .split('\n')
    .slice(heading.line, next ? next.line - 1 : undefined)
    .join('\n')
}

/** The rows of the first table of a text, as cells, without its head. */
export function tableIn(text: string): string[][] {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => /^\|[ :|-]+\|$/.test(line))
  const rows = lines.slice(first + 1)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

/** The code spans of the first column of the first table of a text. */
export function keysIn(text: string): string[] {
  return tableIn(text).flatMap(([first = '']) => codeSpans(first))
}
