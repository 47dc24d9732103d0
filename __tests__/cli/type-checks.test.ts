import { createRequire } from 'node:module'
import path from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { few } from '../support/selection.js'

const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "sqlite"
}

model Post {
  id Int @id
}
`

const options = (more: object = {}) => ({ outDir: 'dist', module: 'nodenext', skipLibCheck: true, types: [], ...more })

/** The files of a service, besides those that all of them have; and how its build is called. */
interface Kind {
  what: string
  files: Record<string, object | string>
  scripts?: Record<string, string>
  builds: string[]
  /** The file that leaves out what init writes. */
  changed?: string
  /** The tasks have a tsconfig of their own. */
  own?: boolean
}

const kinds: Kind[] = [
  {
    what: 'NestJS',
    files: {
      'tsconfig.json': { compilerOptions: options({ experimentalDecorators: true, emitDecoratorMetadata: true }) },
      'tsconfig.build.json': { extends: './tsconfig.json', exclude: ['node_modules', 'test', 'dist', '**/*spec.ts'] },
    },
    scripts: { build: 'nest build', 'start:prod': 'node dist/main' },
    builds: ['tsconfig.build.json'],
    changed: 'tsconfig.build.json',
    // For tasks that use services: the metadata that these are injected by is only there in what was compiled.
    own: true,
  },
  {
    what: 'an output folder alone',
    files: { 'tsconfig.json': { compilerOptions: options() } },
    scripts: { build: 'tsc' },
    builds: ['tsconfig.json'],
    changed: 'tsconfig.json',
    own: true,
  },
  {
    what: 'no script, comments, and a trailing comma',
    files: {
      'tsconfig.json': `{
  // Ours.
  "compilerOptions": ${JSON.stringify(options({ rootDir: 'src' }))},
  "exclude": [
    "node_modules", /* built */
    "dist",
  ],
}
`,
    },
    builds: ['tsconfig.json'],
    changed: 'tsconfig.json',
    own: true,
  },
  {
    what: 'what is excluded elsewhere',
    files: {
      'config/base.json': { exclude: ['../node_modules', '../dist', '../scripts'] },
      'tsconfig.json': { extends: './config/base.json', compilerOptions: options() },
      'scripts/tool.ts': 'export const tool = 1\n',
    },
    scripts: { build: 'rm -rf dist && tsc -p tsconfig.json && echo built' },
    builds: ['tsconfig.json'],
    changed: 'tsconfig.json',
    own: true,
  },
  {
    what: 'sources alone',
    files: { 'tsconfig.json': { include: ['src'], compilerOptions: options({ composite: true }) } },
    scripts: { build: 'tsc -b' },
    builds: ['tsconfig.json'],
    own: true,
  },
  {
    what: 'references alone',
    files: {
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.app.json' }] },
      'tsconfig.app.json': { include: ['src'], compilerOptions: options({ composite: true }) },
    },
    builds: ['tsconfig.app.json'],
    own: true,
  },
  {
    what: 'nothing to emit',
    files: { 'tsconfig.json': { compilerOptions: { ...options(), noEmit: true } } },
    scripts: { types: 'tsc --noEmit' },
    builds: ['tsconfig.json'],
  },
]

describe.each(few(kinds, 2))('in a project with $what', ({ files, scripts = {}, builds, changed, own = false }) => {
  let project: Project
  afterEach(() => project.remove())

  const emitted = async () => {
    for (const build of builds) await project.node(tsc, '-p', build)
    return Object.keys(await project.files()).filter((file) => /\.js$/.test(file))
  }
  const listed = async (tsconfig: string) => (await project.node(tsc, '-p', tsconfig, '--listFilesOnly')).stdout

  test('init leaves the build as it is, and the tasks are checked', async () => {
    const dependencies = { '@prisma/client': '7', prisma: '7', '@prisma/adapter-libsql': '7', typescript: '7' }
    const all: Kind['files'] = {
      'package.json': { type: 'module', scripts, dependencies },
      'prisma/schema.prisma': SCHEMA,
      'src/main.ts': 'export const main = 1\n',
      ...files,
    }
    const texts = Object.entries(all).map(([name, file]) => [
      name,
      typeof file === 'string' ? file : JSON.stringify(file, null, 2),
    ])
    project = await Project.bare(Object.fromEntries(texts))
    const before = await emitted()
    expect(before).toEqual(
      builds.includes('tsconfig.json') && !changed && !own ? [] : [expect.stringMatching(/^dist\/(src\/)?main\.js$/)],
    )

    const { code, stderr } = await project.afterParty('init')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(/✔ updated (tsconfig\S*)/.exec(stderr)?.[1]).toBe(changed)
    expect(stderr.includes('✔ created prisma/after-party/tsconfig.json')).toBe(own)
    const [made, again] = await project.inOneProcess([['new', 'first'], ['init']])
    // The tasks' folder is read by every command.
    expect(again?.stderr).toContain('Nothing to change')
    const task = made?.stdout ?? ''
    expect(task).toMatch(/_first\.ts$/)
    expect(await emitted()).toEqual(before)

    const checked = await listed(own ? 'prisma/after-party' : 'tsconfig.json')
    for (const file of [task, 'after-party.config.ts']) expect(checked).toContain(project.path(file))
  })
})

test('the tasks are compiled by their own tsconfig, and run without TypeScript', async () => {
  const project = await Project.create()
  for (const file of ['after-party.config.ts', 'prisma/after-party']) await project.delete(file)
  await project.write('tsconfig.json', JSON.stringify({ compilerOptions: options({ types: ['node'] }) }))
  expect(await project.afterParty('init')).toMatchObject({ code: 0 })
  await project.task('20260101000000_first', `await prisma.post.create({ data: { title: 'ran' } })`)
  const built = await project.node(tsc, '-p', 'prisma/after-party', '--noEmit', 'false', '--outDir', 'dist')
  expect(built).toEqual({ code: 0, stdout: '', stderr: '' })
  const { code, stderr } = await project.afterParty('run', '--config', 'dist/after-party.config.js')
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('✔ first') })
  await project.remove()
})
