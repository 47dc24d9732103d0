import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project, type Ran } from '../support/project.js'
import { commandsOf } from './command-lines.js'
import { type Block, readPage, section } from './pages.js'
import { steady } from './steady.js'

/** The start of the README, typed as it stands there, into a project that has nothing but Prisma. */

const readme = readPage('README.md')
const blocks = readme.blocks.filter(({ heading = '' }) => heading === 'Five-minute start' || heading === 'A backfill')
const [model] = blocks.filter(({ language }) => language === 'prisma')

const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "sqlite"
}

${model?.text}
`

const PRISMA_CONFIG = `import { defineConfig } from 'prisma/config'
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: process.env['DATABASE_URL'] ?? '' } })
`

const PACKAGE = JSON.stringify({
  type: 'module',
  dependencies: Object.fromEntries(
    ['@prisma/client', 'prisma', '@prisma/adapter-libsql', 'after-party', 'typescript'].map((name) => [name, '*']),
  ),
})

/** What docs/commands.md shows of `init`. */
const [, INIT = ''] =
  /\$ npx after-party init\n([^`]+)/.exec(section(readPage('docs/commands.md'), '`after-party init`')) ?? []

/** Posts as the output of the README has them: five, of which three have no title. */
const SEED = `import { client } from './after-party.config.js'
const prisma = client()
await prisma.post.createMany({ data: ['', 'A walk', '', 'Letters', ''].map((title) => ({ title })) })
await prisma.$disconnect()`

describe('the start of the README', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.bare({
      'package.json': PACKAGE,
      'prisma.config.ts': PRISMA_CONFIG,
      'prisma/schema.prisma': SCHEMA,
    })
    project.env = { DATABASE_URL: 'file:./dev.db' }
  })
  afterAll(() => project.remove())

  /** Types a line of the README: the package is installed already, the rest is the real thing. */
  async function type(words: readonly string[]): Promise<Ran> {
    const [program, ...args] = words
    if (program === 'npm') return { code: 0, stdout: '', stderr: '' }
    const ran = await (program === 'prisma' ? project.prisma(...args) : project.afterParty(...args))
    if (program === 'prisma' && args[0] === 'generate') await project.node('--import', 'tsx', '-e', SEED)
    return ran
  }

  /** A file of the README: one that \`new\` made has the time of today in its name. */
  async function write({ title = '', text }: Block): Promise<void> {
    const [, rest = title] = /\/\d{14}(_.*)$/.exec(title) ?? []
    const made = (await readdir(project.path(path.dirname(title)))).find((name) => name.endsWith(rest))
    expect({ title, made }).toEqual({ title, made: expect.any(String) })
    await project.write(`${path.dirname(title)}/${made}`, `${text}\n`)
  }

  test('works as it is written, and says what is written', async () => {
    let said = ''
    const outputs: [shown: string, said: string][] = []
    for (const block of blocks) {
      if (block.language === 'ts') await write(block)
      if (block.language === 'text') outputs.push([steady(block.text), steady(said)])
      for (const words of commandsOf(block)) {
        const { code, stdout, stderr } = await type(words)
        expect({ words, code, why: code === 0 ? '' : stdout + stderr }).toEqual({ words, code: 0, why: '' })
        // Without the line that only a busy machine has.
        said = `${stdout}\n${stderr}`.replaceAll(/^› Waiting for .*\n/gm, '')
        if (words[1] === 'init') outputs.push([steady(INIT), steady(said).split('\n').slice(0, 3).join('\n')])
      }
    }
    expect(outputs.length).toBe(3)
    for (const [shown, real] of outputs) expect(real).toBe(shown)
  }, 400_000)

  test('leaves a backfill that the next deploy runs', async () => {
    const { code, stderr } = await type(['after-party', 'run'])
    expect({ code, said: steady(stderr) }).toEqual({
      code: 0,
      said: expect.stringContaining('backfill_slugs <time>, 5 rows'),
    })
  })
})
