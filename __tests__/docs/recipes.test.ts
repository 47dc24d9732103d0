import { describe, expect, test } from '@jest/globals'
import { safeParse } from 'valibot'
import { DEPLOY_ID_VARIABLES } from '../../src/cli/deploy-id.js'
import { parseCommand } from './command-lines.js'
import { type Block, codeSpans, type Page, readPage, recipePages, tableIn } from './pages.js'
import { parseBlock } from './recipe-blocks.js'
import { PARTS, SHAPES } from './recipe-shapes.js'

/** Every file of a recipe is one that its platform can read, and every command in it is one of ours. */

const QUESTIONS = ['Deploy id', 'Several replicas', 'A failure', 'Time limits', '`DATABASE_URL`']
const DATA = ['yaml', 'toml', 'json']

/** Of this page, what is a file of a platform. */
const background = readPage('docs/background.md')
const units = background.blocks.filter(({ title }) => title?.endsWith('.service'))
const pages = [...recipePages(), readPage('docs/compiled-images.md'), { ...background, blocks: units }]
const blocks = pages.flatMap((page) =>
  page.blocks.map((block) => [`${page.file}:${block.line} ${block.title ?? block.language}`, page, block] as const),
)

function shapeOf({ file }: Page, { title, language, text }: Block) {
  const data =
    DATA.includes(language) ||
    title === 'Procfile' ||
    title?.endsWith('.service') ||
    text.startsWith('module.exports = {')
  if (!data) return undefined
  const shape = title === undefined ? PARTS[file] : SHAPES[title]
  if (!shape) throw new Error(`no shape for ${title ?? file}`)
  return shape
}

describe.each(blocks)('%s', (_, page, block) => {
  test('is read by a parser of its kind', async () => {
    await expect(parseBlock(block)).resolves.toBeDefined()
  })

  test('has what its platform reads, and nothing else', async () => {
    const shape = shapeOf(page, block)
    const { issues = [] } = shape ? safeParse(shape, (await parseBlock(block)).value) : {}
    expect(issues.map(({ message, path = [] }) => `${path.map(({ key }) => key).join('.')}: ${message}`)).toEqual([])
  })

  test('calls commands that there are', async () => {
    const { commands } = await parseBlock(block)
    for (const [, ...words] of commands) await parseCommand(words)
  })
})

describe.each(recipePages().map((page) => [page.file, page] as const))('%s', (_, page) => {
  const answers = tableIn(page.text.slice(page.text.indexOf('| question ')))

  test('runs the tasks after the migrations', async () => {
    const found = await Promise.all(page.blocks.map(parseBlock))
    expect(found.flatMap(({ commands }) => commands).map(([, command]) => command)).toContain('run')
    for (const { text } of page.blocks) {
      const tasks = text.search(/after-party',? '?run|after-party run|after-party, run/)
      if (tasks === -1) continue
      const migrations = text.search(/prisma',? '?migrate'?,? '?deploy|prisma migrate deploy|prisma, migrate, deploy/)
      expect({ text, migrationsFirst: migrations !== -1 && migrations < tasks }).toMatchObject({
        migrationsFirst: true,
      })
    }
  })

  test('answers what everybody asks, in the same order', () => {
    expect(answers.map(([question]) => question)).toEqual(QUESTIONS)
  })

  test('names a deploy id that is looked at', () => {
    const [id] = codeSpans(answers[0]?.[1] ?? '')
    expect(DEPLOY_ID_VARIABLES).toContain(id)
  })
})

test('every shape is that of a recipe', () => {
  const titles = blocks.flatMap(([, , { title }]) => title ?? [])
  expect(Object.keys(SHAPES).filter((title) => !titles.includes(title))).toEqual([])
})

test('docs/deploying.md has every recipe in its table', () => {
  const table = tableIn(readPage('docs/deploying.md').text)
  const files = table.flatMap(([cell = '']) => /\]\((deploy\/.+)\)/.exec(cell)?.slice(1) ?? [])
  expect(files.map((file) => `docs/${file}`).sort()).toEqual(recipePages().map(({ file }) => file))
})

describe('what is wrong is noticed', () => {
  const block = (language: string, text: string, title?: string): Block => ({
    language,
    text,
    title,
    line: 1,
    heading: undefined,
  })

  test.each([
    ['yaml', 'a: [1'],
    ['yaml', 'a: 1\na: 2'],
    ['toml', '[deploy\n'],
    ['json', '{ "a": 1, }'],
    ['dockerfile', 'CMDS ["a"]'],
    ['dockerfile', 'CMD node server.js'],
    ['dockerfile', 'COPY --from=nowhere /a /b'],
    ['js', 'module.exports = {'],
    ['sh', 'if true; then'],
    ['ruby', 'task :run do'],
    ['go', 'func main() {}'],
  ])('in %s: %j', async (language, text) => {
    await expect(parseBlock(block(language, text))).rejects.toThrow()
  })

  test.each([
    ['yaml', 'command: [node_modules/.bin/after-party, runn]'],
    ['yaml', 'command: [sh, -c, a && exec node_modules/.bin/after-party runn]'],
    ['yaml', 'run: npx prisma migrate deploy && npx after-party runn'],
    ['toml', `release_command = "sh -c 'a && after-party runn'"`],
    ['json', '{ "a": ["sh", "-c", "node_modules/.bin/after-party runn"] }'],
    ['json', '{ "a": "if [ \\"$A\\" = b ]; then npx after-party runn; fi" }'],
    ['dockerfile', 'CMD ["node_modules/.bin/after-party", "runn"]'],
    ['js', "const a = ['A=$(git rev-parse HEAD) node_modules/.bin/after-party runn']"],
    ['sh', 'set -e\nnode_modules/.bin/after-party runn'],
    ['ruby', "execute 'node_modules/.bin/after-party', 'runn'"],
  ])('a command that is not there, in %s: %s', async (language, text) => {
    const { commands } = await parseBlock(block(language, text))
    expect(commands).toEqual([['after-party', 'runn']])
    await expect(parseCommand(['runn'])).rejects.toThrow('Unknown command: runn')
  })
})
