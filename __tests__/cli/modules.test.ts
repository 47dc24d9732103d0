import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

/** Without a build step: what a task file may be written in, and what it may import. */

const SHARED = `globalThis.evaluated = (globalThis.evaluated ?? 0) + 1
export const shared = { evaluated: () => globalThis.evaluated }
`

async function resultsOf(project: Project) {
  const { code, stdout, stderr } = await project.afterParty('run', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr })
  const { results } = JSON.parse(stdout) as { results: { name: string; outcome: string }[] }
  return { names: results.map(({ name }) => name), stderr }
}

const esm = (say: string, from = './shared.js') => `import { defineTask } from 'after-party'
import { shared } from '${from}'

export default defineTask({
  async run({ prisma, log }) {
    log('${say}', await prisma.post.count(), 'evaluated', shared.evaluated())
  },
})
`

describe('what tsx makes of a project', () => {
  testAgain('aliases of the tsconfig that a solution-style tsconfig.json refers to are found', async () => {
    const project = await Project.create()
    const files = {
      'tsconfig.json': `{ "files": [], "references": [{ "path": "./tsconfig.node.json" }, { "path": "./tsconfig.app.json" }] }`,
      'tsconfig.node.json': '{}',
      'tsconfig.app.json': `{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } }, "include": ["src"] }`,
      'src/said.ts': `export const said = 'by an alias'`,
      'prisma/after-party/20260101000000_first.ts': `import { defineTask } from 'after-party'
import { said } from '@/said'

export default defineTask({ run: ({ log }) => log(said) })
`,
    }
    for (const [file, text] of Object.entries(files)) await project.write(file, text)
    const { code, stderr } = await project.afterParty('run')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('by an alias') })
    await project.remove()
  })

  testAgain('a directory for temporary files that is not there, or takes no file, is no hindrance', async () => {
    const project = await Project.create()
    for (const TMPDIR of [project.path('nowhere'), '/proc']) {
      project.env = { TMPDIR }
      expect(await project.afterParty('status')).toMatchObject({ code: 0 })
    }
    await project.remove()
  })

  testAgain(
    'a service that was not injected is explained, where the project counts on the metadata of decorators',
    async () => {
      const project = await Project.create()
      await project.task(
        '20260101000000_first',
        'const service = undefined as unknown as { get(): string }; log(service.get())',
      )
      expect((await project.afterParty('run')).stderr).not.toContain('decorator')
      await project.write('tsconfig.base.json', '{ "compilerOptions": { "emitDecoratorMetadata": true } }')
      await project.write('tsconfig.json', '{ "extends": "./tsconfig.base.json" }')
      const { code, stderr } = await project.afterParty('run')
      expect(code).toBe(1)
      expect(stderr).toContain('This project uses decorator metadata, which is missing in TypeScript tasks')
      await project.remove()
    },
  )
})

describe('a module for React’s server alone', () => {
  testAgain('is refused with what lets it be loaded, and then is', async () => {
    const project = await Project.create()
    const files = {
      'node_modules/server-only/package.json': JSON.stringify({
        name: 'server-only',
        exports: { '.': { 'react-server': './empty.js', default: './index.js' } },
      }),
      'node_modules/server-only/empty.js': '',
      'node_modules/server-only/index.js': `throw new Error('This module cannot be imported from a Client Component module. It should only be used from a Server Component.')`,
      'src/posts.ts': `import 'server-only'\nexport const said = 'from the server'\n`,
      'prisma/after-party/20260101000000_first.ts': `import { defineTask } from 'after-party'
import { said } from '../../src/posts.js'

export default defineTask({ run: ({ log }) => log(said) })
`,
    }
    for (const [file, text] of Object.entries(files)) await project.write(file, text)
    const refused = await project.afterParty('run')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Client Component') })
    expect(refused.stderr).toContain('Run the command with NODE_OPTIONS=--conditions=react-server.')
    project.env = { NODE_OPTIONS: '--conditions=react-server' }
    const { code, stderr } = await project.afterParty('run')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('from the server') })
    await project.remove()
  })
})

describe('an ESM project', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    // The config imports it too: one instance for all.
    const config = await project.read('after-party.config.ts')
    await project.write('after-party.config.ts', `import './prisma/after-party/shared.js'\n${config}`)
    await project.write('prisma/after-party/shared.ts', SHARED)
  })
  afterAll(() => project.remove())

  test('runs .ts, .mts, .js and .mjs tasks, which share one instance of what they and the config import', async () => {
    await project.write('prisma/after-party/20260101000000_in_ts.ts', `${esm('ts')}type Unused = number\n`)
    await project.write('prisma/after-party/20260102000000_in_mts.mts', `${esm('mts')}interface Unused { a: 1 }\n`)
    await project.write('prisma/after-party/20260103000000_in_js.js', esm('js'))
    await project.write('prisma/after-party/20260104000000_in_mjs.mjs', esm('mjs', './shared.ts'))
    await project.write(
      'prisma/after-party/20260105000000_in_cjs.cjs',
      `const { defineTask } = require('after-party')
module.exports = defineTask({ run: async ({ log, prisma }) => log('cjs', await prisma.post.count()) })
`,
    )
    await project.write(
      'prisma/after-party/20260106000000_in_cts.cts',
      `import { defineTask } from 'after-party'
export default defineTask({ async run({ log, prisma }) { log('cts', await (prisma as any).post.count()) } })
`,
    )
    const { names, stderr } = await resultsOf(project)
    expect(names).toEqual(['in_ts', 'in_mts', 'in_js', 'in_mjs', 'in_cjs', 'in_cts'])
    for (const say of ['ts', 'mts', 'js', 'mjs']) expect(stderr).toContain(`  ${say} 0 evaluated 1`)
    for (const say of ['cjs', 'cts']) expect(stderr).toContain(`  ${say} 0`)
  })

  testAgain('runs tasks that import by the paths of the tsconfig, and that use enums and top-level await', async () => {
    await project.write(
      'tsconfig.json',
      `{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler", "paths": { "@app/*": ["./src/*"] } } }`,
    )
    await project.write(
      'src/slug.ts',
      'export enum Case { Lower = "lower" }\nexport const slug = await Promise.resolve(Case.Lower)\n',
    )
    await project.write(
      'prisma/after-party/20260107000000_aliased.ts',
      `import { slug } from '@app/slug'
import { defineTask } from 'after-party'
export default defineTask({ run: ({ log }) => log('slug is', slug) })
`,
    )
    const { names, stderr } = await resultsOf(project)
    expect(names).toEqual(['aliased'])
    expect(stderr).toContain('slug is lower')
  })

  testAgain('a plain JavaScript config and tasks need no TypeScript at all', async () => {
    const plain = await Project.create()
    await plain.write(
      'after-party.config.mjs',
      `import { PrismaLibSql } from '@prisma/adapter-libsql'
import { defineConfig } from 'after-party'
import { PrismaClient } from './generated/js/client.js'
export default defineConfig({ client: () => new PrismaClient({ adapter: new PrismaLibSql({ url: 'file:./dev.db' }) }) })
`,
    )
    const schema = await plain.read('prisma/schema.prisma')
    const generator = 'provider = "prisma-client-js"\n  output = "../generated/js"'
    await plain.write('prisma/schema.prisma', schema.replace(/provider = "prisma-client"\n.*output.*/, generator))
    expect(await plain.prisma('generate')).toMatchObject({ code: 0 })
    await plain.write('generated/js/package.json', '{ "type": "commonjs" }')
    await plain.write('generated/js/client.js', `module.exports = require('./index.js')\n`)
    await plain.delete('after-party.config.ts')
    expect((await plain.afterParty('new', 'first')).stdout).toMatch(/_first\.mjs$/)
    expect((await resultsOf(plain)).names).toEqual(['first'])
    await plain.remove()
  })
})

describe('a CommonJS project', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    const schema = await project.read('prisma/schema.prisma')
    await project.write('package.json', (await project.read('package.json')).replace('"module"', '"commonjs"'))
    await project.write(
      'prisma/schema.prisma',
      schema.replace('provider = "prisma-client"', 'provider     = "prisma-client"\n  moduleFormat = "cjs"'),
    )
    const config = await project.read('after-party.config.ts')
    await project.write(
      'after-party.config.ts',
      `import './prisma/after-party/shared'\n${config.replace('prisma/client.js', 'prisma/client')}`,
    )
    await project.write('prisma/after-party/shared.ts', SHARED)
    expect(await project.prisma('generate')).toMatchObject({ code: 0 })
  })
  afterAll(() => project.remove())

  test('runs .ts, .js, .cjs, .mts and .mjs tasks; one instance of what config and .ts tasks import', async () => {
    const cjs = (say: string) => `const { defineTask } = require('after-party')
const { shared } = require('./shared')
module.exports = defineTask({
  run: async ({ log, prisma }) => log('${say}', await prisma.post.count(), 'evaluated', shared.evaluated()),
})
`
    await project.write('prisma/after-party/20260101000000_in_ts.ts', esm('ts', './shared'))
    await project.write('prisma/after-party/20260102000000_in_js.js', cjs('js'))
    await project.write('prisma/after-party/20260103000000_in_cjs.cjs', cjs('cjs'))
    await project.write('prisma/after-party/20260104000000_second_ts.ts', esm('second', './shared'))
    const alone = (say: string) => `import { defineTask } from 'after-party'
export default defineTask({ run: async ({ log, prisma }) => log('${say}', await prisma.post.count()) })
`
    await project.write('prisma/after-party/20260105000000_in_mts.mts', alone('mts'))
    await project.write('prisma/after-party/20260106000000_in_mjs.mjs', alone('mjs'))
    const { names, stderr } = await resultsOf(project)
    expect(names).toEqual(['in_ts', 'in_js', 'in_cjs', 'second_ts', 'in_mts', 'in_mjs'])
    for (const say of ['ts', 'js', 'cjs', 'second']) expect(stderr).toContain(`  ${say} 0 evaluated 1`)
    for (const say of ['mts', 'mjs']) expect(stderr).toContain(`  ${say} 0`)
  })

  testAgain('a task made by `new` runs as it is', async () => {
    expect((await project.afterParty('new', 'made_here')).code).toBe(0)
    expect((await resultsOf(project)).names).toEqual(['made_here'])
  })

  testAgain('a fault is told with its file and line', async () => {
    await project.write('prisma/after-party/20260107000000_broken.ts', 'export default {\n  run( {\n}\n')
    await project.write('prisma/after-party/20260108000000_broken_js.js', '\nmodule.exports = )\n')
    const { code, stderr } = await project.afterParty('run')
    expect(code).toBe(2)
    expect(stderr).toContain('(prisma/after-party/20260107000000_broken.ts:4)')
    expect(stderr).toContain('(prisma/after-party/20260108000000_broken_js.js:2)')
    await project.delete('prisma/after-party/20260107000000_broken.ts')
    await project.delete('prisma/after-party/20260108000000_broken_js.js')
  })
})
