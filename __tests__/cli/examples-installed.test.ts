import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { steady } from '../docs/steady.js'
import { unpacked } from '../support/paths.mjs'
import { Project } from '../support/project.js'

/**
 * The examples of frameworks, with their real packages from npm: hundreds of megabytes, and minutes.
 * AFTER_PARTY_TEST_INSTALL=1 node scripts/test.mjs __tests__/cli/examples-installed.test.ts
 */
const installed = process.env.AFTER_PARTY_TEST_INSTALL === '1'
const why = 'with packages from npm, which AFTER_PARTY_TEST_INSTALL=1 installs'
const MINUTES = 900_000

const examples = [
  {
    name: 'nestjs',
    insert: `INSERT INTO "Invoice" ("netCents", "country") VALUES (1000, 'DE'), (1000, 'FR')`,
    builds: ['nest build', 'tsc -p prisma/after-party --noEmit false'],
    refused: { code: 1, says: 'Cannot read properties of undefined' },
    run: ['run', '--config', 'dist/after-party.config.js'],
    env: {},
    built: 'dist/main.js',
    select: 'SELECT "grossCents" FROM "Invoice" ORDER BY "id"',
    rows: [[1190], [1200]],
  },
  {
    name: 'nextjs',
    insert: `INSERT INTO "Entry" ("author", "text") VALUES ('Ada', 'Hello')`,
    builds: ['next build'],
    refused: { code: 2, says: 'NODE_OPTIONS=--conditions=react-server' },
    run: ['run'],
    env: { NODE_OPTIONS: '--conditions=react-server' },
    built: '.next/BUILD_ID',
    select: 'SELECT "excerpt" FROM "Entry"',
    rows: [['Hello']],
  },
]

describe.each(examples)(
  `examples/$name, ${why}`,
  ({ name, insert, builds, refused, run, env, built, select, rows }) => {
    const testHere = installed ? test : test.skip
    let project: Project
    const npx = (line: string, more: object = {}) =>
      execa('npx', line.split(' '), {
        cwd: project.directory,
        env: { ...schemaEngineEnv(), NODE_OPTIONS: '', NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', ...more },
        all: true,
        reject: false,
      })
    const query = async (sql: string) => {
      const url = `file:${project.path(name === 'nestjs' ? 'billing.db' : 'guestbook.db')}`
      const adapter = await new PrismaLibSql({ url, timeout: 5000 }).connect()
      try {
        return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows
      } finally {
        await adapter.dispose()
      }
    }

    beforeAll(async () => {
      if (!installed) return
      project = await Project.example(name)
      const manifest = JSON.parse(await project.read('package.json'))
      manifest.dependencies['after-party'] = `file:${unpacked}`
      for (const each of ['prisma', '@prisma/client', '@prisma/adapter-libsql']) manifest.dependencies[each] = '7.10.0'
      await project.write('package.json', JSON.stringify(manifest))
      await project.delete('node_modules')
      await execa('npm', ['install', '--install-links', '--no-audit', '--no-fund'], { cwd: project.directory })
    }, MINUTES)
    afterAll(() => project?.remove())

    testHere(
      'builds and deploys',
      async () => {
        for (const line of ['prisma generate', 'prisma migrate deploy', ...builds]) {
          const { exitCode, all } = await npx(line)
          expect({ line, exitCode, why: exitCode === 0 ? '' : all }).toEqual({ line, exitCode: 0, why: '' })
        }
        expect(await project.read(built)).not.toBe('')
        await query(insert)
        const first = await npx('after-party run')
        expect(first).toMatchObject({ exitCode: refused.code, all: expect.stringContaining(refused.says) })
        const { exitCode, all } = await npx(`after-party ${run.join(' ')}`, env)
        expect({ code: exitCode, said: steady(all) }).toMatchSnapshot()
        expect(await query(select)).toEqual(rows)
      },
      MINUTES,
    )
  },
)
