import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { repository } from '../support/paths.mjs'
import { Project, type Ran } from '../support/project.js'
import { commandsOf } from './command-lines.js'
import { type Block, readPage } from './pages.js'

/** What recipes do that can be done here: the shell lines of pages, with the real commands. */

const onPosix = process.platform === 'win32' ? test.skip : test

describe('docs/compiled-images.md', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.bare({
      'package.json': JSON.stringify({
        type: 'module',
        scripts: { build: 'tsc' },
        dependencies: Object.fromEntries(
          ['@prisma/client', 'prisma', '@prisma/adapter-libsql', 'after-party'].map((name) => [name, '*']),
        ),
      }),
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          rootDir: 'src',
          outDir: 'dist',
          skipLibCheck: true,
          types: ['node'],
        },
        include: ['src'],
      }),
      'prisma.config.ts': `import { defineConfig } from 'prisma/config'
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: process.env['DATABASE_URL'] ?? '' } })
`,
      'prisma/schema.prisma': `generator client {
  provider = "prisma-client"
  output   = "../src/generated/prisma"
}

datasource db {
  provider = "sqlite"
}
`,
      'src/slug.ts': `export const slugOf = (title: string) => title.toLowerCase()\n`,
      'src/server.ts': `import { slugOf } from './slug.js'\nconsole.log(slugOf('Serving'))\n`,
    })
    project.env = { DATABASE_URL: 'file:./app.db' }
    await done(project.afterParty('init'))
    await done(project.prisma('migrate', 'dev', '--name', 'init'))
    await done(project.prisma('generate'))
    await project.write(
      'prisma/after-party/20261122122057_name_blank_posts.ts',
      `import { defineTask } from 'after-party'
import { slugOf } from '../../src/slug.js'
export default defineTask({ run: ({ log }) => log(slugOf('COMPILED')) })
`,
    )
  }, 400_000)
  afterAll(() => project.remove())

  async function done(running: Promise<Ran>): Promise<Ran> {
    const ran = await running
    expect({ code: ran.code, said: ran.code === 0 ? '' : ran.stdout + ran.stderr }).toEqual({ code: 0, said: '' })
    return ran
  }

  test('its commands leave an image that needs no TypeScript', async () => {
    const page = readPage('docs/compiled-images.md')
    const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
    const compiling = page.blocks.find(({ language }) => language === 'sh')
    const [[, ...args] = [], [, ...running] = []] = commandsOf(compiling as Block)
    await done(project.node(tsc))
    await done(project.node(tsc, ...args))
    const shown = page.blocks.find(({ language }) => language === 'text')?.text.split('\n') ?? []
    expect(Object.keys(await project.files())).toEqual(
      expect.arrayContaining(shown.filter((file) => !/generated/.test(file))),
    )

    for (const source of ['src', 'prisma/after-party', 'after-party.config.ts', 'tsconfig.json'])
      await project.delete(source)
    const { stderr } = await done(project.afterParty(...running))
    expect(stderr).toContain('compiled')
  }, 100_000)
})

describe('a shell in front', () => {
  onPosix('passes the place on with `exec`: a signal reaches the task', async () => {
    const project = await Project.create()
    await project.task(
      '20260101000000_heeds',
      `log('at work')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    signal.throwIfAborted()`,
    )
    const bin = project.path('node_modules/after-party/dist/cli/bin.js')
    const shell = execa('sh', ['-c', 'true && exec "$0" "$1" run', process.execPath, bin], {
      cwd: project.directory,
      env: { ...project.env, NODE_OPTIONS: '' },
      reject: false,
    })
    for await (const line of shell.iterable({ from: 'stderr' })) if (/at work/.test(line)) shell.kill('SIGTERM')
    expect(await shell).toMatchObject({ exitCode: 143 })
    const { tasks } = JSON.parse((await project.afterParty('status', '--json')).stdout)
    expect(tasks).toMatchObject([{ name: 'heeds', state: 'interrupted' }])
    await project.remove()
  })
})

describe('migrate.sh of docs/deploy/aws-ecs.md', () => {
  const script = readPage('docs/deploy/aws-ecs.md').blocks.find(({ title }) => title === 'migrate.sh')?.text ?? ''
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'after-party-ecs-'))
    // Answers as the command line of AWS: the text that a query finds, and `None` where it finds nothing.
    await writeFile(
      path.join(folder, 'aws'),
      `#!/bin/sh
echo "$2 $3" >> "$CALLS"
case "$2" in
  run-task) echo arn:aws:ecs:eu-west-1:123456789012:task/shop/1 ;;
  wait) [ "$(grep -c '^wait' "$CALLS")" -gt "$WAITS_THAT_FAIL" ] || exit 255 ;;
  describe-tasks) echo "$EXIT_CODE" ;;
esac
`,
    )
    await chmod(path.join(folder, 'aws'), 0o755)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  onPosix.each([
    // The container's code, how many waits time out, the script's code, the waits.
    ['0', 0, 0, 1],
    ['0', 2, 0, 3],
    ['1', 0, 1, 1],
    ['143', 0, 1, 1],
    ['None', 0, 1, 1],
    ['None', 3, 1, 3],
  ])('with exit code %s after %i waits that time out: %i', async (containers, fail, code, waits) => {
    const calls = path.join(folder, `calls-${containers}-${fail}`)
    const { exitCode } = await execa('sh', ['-c', script], {
      env: {
        PATH: `${folder}${path.delimiter}${process.env.PATH}`,
        CALLS: calls,
        EXIT_CODE: containers,
        WAITS_THAT_FAIL: String(fail),
      },
      reject: false,
    })
    const called = (await readFile(calls, 'utf8')).trim().split('\n')
    expect({ exitCode, waits: called.filter((call) => call === 'wait tasks-stopped').length }).toEqual({
      exitCode: code,
      waits,
    })
    expect(called.map((call) => call.split(' ')[0])).toEqual([
      'register-task-definition',
      'run-task',
      ...Array(waits).fill('wait'),
      'describe-tasks',
    ])
  })
})
