import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

/** A project of Prisma 7, where nothing loads `.env` unless the config does. */

describe('A project with a .env', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    await project.write('prisma.config.ts', CONFIG)
  })
  afterAll(() => project.remove())
  beforeEach(() => project.write('.env', 'DATABASE_URL="file:./dev.db"\n'))

  const init = async () => {
    for (const file of ['after-party.config.ts', 'prisma/after-party']) await project.delete(file).catch(() => {})
    return project.afterParty('init')
  }

  test('init writes a config that loads it, and works without it where the variable is set', async () => {
    expect(await init()).toMatchObject({ code: 0 })
    expect(await project.read('after-party.config.ts')).toContain("if (existsSync('.env')) process.loadEnvFile()")
    expect(await project.afterParty('status')).toMatchObject({ code: 0 })
    expect(await project.inFolder('prisma').afterParty('status')).toMatchObject({ code: 0 })
    await project.delete('.env')
    const { code, stderr } = await project.afterParty('status')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: [
        '✖ `client` in the config threw an error.',
        '  DATABASE_URL is not set',
        '→ Fix it and run the command again.',
      ].join('\n'),
    })
    project.env = { DATABASE_URL: 'file:./dev.db' }
    expect(await project.afterParty('status')).toMatchObject({ code: 0 })
    project.env = {}
  })

  test('a config that does not load it is told what is in it', async () => {
    await init()
    const config = await project.read('after-party.config.ts')
    await project.write('after-party.config.ts', config.replace(/if \(existsSync.*\n/, ''))
    const { code, stderr } = await project.afterParty('status')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('DATABASE_URL is not set') })
    expect(stderr).toContain(
      '→ DATABASE_URL is set in .env, but nothing loads that file. Call `process.loadEnvFile()` in the config before it creates the client',
    )
    expect(stderr).not.toContain('adapter')
  })

  testAgain('so is one that reads the variable as it is imported, from the file that Next.js has for it', async () => {
    await project.delete('.env')
    await project.write('.env.local', 'DATABASE_URL=file:./dev.db\n')
    await project.write(
      'after-party.config.ts',
      `if (!process.env.DATABASE_URL) throw new Error('DATABASE_URL is missing')`,
    )
    const { code, stderr } = await project.afterParty('status')
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Can't load after-party.config.ts"),
    })
    expect(stderr).toContain(
      "→ DATABASE_URL is set in .env.local, but nothing loads that file. Call `process.loadEnvFile('.env.local')`",
    )
    await project.delete('.env.local')
  })

  test('is loaded, and modules are found by their aliases, when --config is called from elsewhere', async () => {
    await init()
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions: { paths: { '@/*': ['./src/*'] } } }))
    await project.write('src/name.ts', `export const name = 'by its alias'\n`)
    await project.write(
      'prisma/after-party/20260101000000_first.ts',
      `import { defineTask } from 'after-party'
import { name } from '@/name'

export default defineTask({ run: ({ log }) => log(name) })
`,
    )
    await project.write('elsewhere/package.json', '{ "name": "elsewhere" }')
    const elsewhere = project.inFolder('elsewhere')
    const { code, stderr } = await elsewhere.afterParty('run', '--config', '../after-party.config.ts')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('by its alias') })
    expect(await elsewhere.afterParty('status', '--config', 'nope.ts')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Config file not found: nope.ts.'),
    })
  })
})

const CONFIG = `import { existsSync } from 'node:fs'
import { defineConfig } from 'prisma/config'

if (existsSync('.env')) process.loadEnvFile()

export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: process.env['DATABASE_URL'] ?? '' } })
`
