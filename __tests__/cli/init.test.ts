import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

const PACKAGE = JSON.stringify({
  type: 'module',
  dependencies: {
    '@prisma/client': '7',
    prisma: '7',
    '@prisma/adapter-libsql': '7',
    'after-party': '*',
    typescript: '*',
  },
})

const PRISMA_CONFIG = `import { defineConfig } from 'prisma/config'
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: process.env['DATABASE_URL'] ?? '' } })
`

const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "sqlite"
}

model Post {
  id   Int     @id @default(autoincrement()) // keep me
  slug String? 
}`

function team(schema = SCHEMA): Promise<Project> {
  return Project.bare({ 'package.json': PACKAGE, 'prisma.config.ts': PRISMA_CONFIG, 'prisma/schema.prisma': schema })
}

describe('init', () => {
  let project: Project
  beforeAll(async () => {
    project = await team()
  })
  afterAll(() => project.remove())

  testAgain('with --dry-run prints the change and writes nothing', async () => {
    const before = await project.files()
    const { code, stdout, stderr } = await project.afterParty('init', '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('+++ prisma/schema.prisma')
    expect(stdout).toContain('+model AfterPartyTaskRecord {')
    expect(stdout).toContain('+++ after-party.config.ts')
    expect(stderr).toContain('Nothing was written.')
    expect(await project.files()).toEqual(before)
  })

  test('adds the ledger, the config and the tasks directory, changes no existing byte, and says what comes next', async () => {
    const before = await project.files()
    const { code, stdout, stderr } = await project.afterParty('init')
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: '' })
    const after = await project.files()
    expect(Object.keys(after).filter((file) => !(file in before))).toEqual([
      'after-party.config.ts',
      'prisma/after-party/.gitkeep',
    ])
    expect(after['prisma/schema.prisma']?.startsWith(SCHEMA)).toBe(true)
    expect(after['prisma/schema.prisma']).toMatch(/model AfterPartyTaskRecord \{[\s\S]*model AfterPartyTaskRun \{/)
    expect({ ...after, 'prisma/schema.prisma': SCHEMA }).toMatchObject(before)
    for (const line of [
      '✔ updated prisma/schema.prisma',
      '✔ created after-party.config.ts',
      '✔ created prisma/after-party',
    ])
      expect(stderr).toContain(line)
    const next = stderr.slice(stderr.indexOf('Next:'))
    const commands = [
      'prisma migrate dev --name add_after_party',
      'after-party new',
      'prisma migrate deploy && npx after-party run',
    ]
    for (const command of commands) expect(next).toContain(command)
  })

  test('twice is the same as once, byte by byte', async () => {
    const before = await project.files()
    const { code, stderr } = await project.afterParty('init')
    expect(code).toBe(0)
    expect(stderr).toContain('Nothing to change')
    expect(await project.files()).toEqual(before)
    expect((await project.afterParty('init', '--dry-run')).stderr).toContain('Nothing to change.')
  })

  testAgain('works from a folder below', async () => {
    await project.write('src/deep/file.ts', '')
    const before = await project.files()
    const { code } = await project.inFolder('src/deep').afterParty('init')
    expect(code).toBe(0)
    expect(await project.files()).toEqual(before)
  })

  testAgain('leads to a migration, and to a run, by the commands that it names', async () => {
    project.env = { DATABASE_URL: 'file:./team.db' }
    expect(await project.prisma('migrate', 'dev', '--name', 'add_after_party')).toMatchObject({ code: 0 })
    expect(await project.prisma('generate')).toMatchObject({ code: 0 })
    expect(await project.afterParty('new', 'my_first_task')).toMatchObject({ code: 0 })
    expect(await project.afterParty('run')).toMatchObject({ code: 0, stderr: expect.stringContaining('my_first_task') })
  })
})

describe('init keeps what is there', () => {
  testAgain('line ends of Windows are kept, in the old lines and in the new', async () => {
    const crlf = SCHEMA.replaceAll('\n', '\r\n')
    const project = await team(crlf)
    expect((await project.afterParty('init')).code).toBe(0)
    const text = await project.read('prisma/schema.prisma')
    expect(text.startsWith(crlf)).toBe(true)
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
    await project.remove()
  })

  test('a model of that name that differs is told field by field, and nothing is written', async () => {
    const project = await team(`${SCHEMA}

model AfterPartyTaskRecord {
  version String @id
  name    Int
}
`)
    const before = await project.files()
    const { code, stderr } = await project.afterParty('init')
    expect(code).toBe(2)
    expect(stderr).toContain('AfterPartyTaskRecord')
    expect(stderr).toMatch(/name .*Int/)
    expect(stderr).toContain('fence')
    expect(await project.files()).toEqual(before)
    await project.remove()
  })

  test('a schema that Prisma refuses is put back byte by byte, and so is everything else', async () => {
    const project = await team(SCHEMA.replace('slug String? ', 'slug Strong? '))
    const before = await project.files()
    const { code, stderr } = await project.afterParty('init')
    expect(code).toBe(2)
    expect(stderr).toContain('Prisma rejects the current schema, so nothing was changed.')
    expect(stderr).toContain('Strong')
    expect(await project.files()).toEqual(before)
    await project.remove()
  })

  testAgain('a project without a schema, and a folder without a project, are told so', async () => {
    const project = await Project.bare({ 'package.json': PACKAGE })
    const { code, stderr } = await project.afterParty('init')
    expect(code).toBe(2)
    expect(stderr).toContain('No Prisma schema found.')
    expect(await project.files()).toEqual({ 'package.json': PACKAGE })
    await project.remove()
  })

  testAgain('a file in the place of the tasks directory stays, and nothing is written', async () => {
    const project = await team()
    await project.write('prisma/after-party', 'mine')
    const before = await project.files()
    const { code, stderr } = await project.afterParty('init')
    expect(code).toBe(2)
    expect(stderr).toContain('prisma/after-party is a file')
    expect(await project.files()).toEqual(before)
    await project.remove()
  })
})
