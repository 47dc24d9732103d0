import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { build, repository, unpacked } from '../support/paths.mjs'

/** The package as npm installs it from its own tarball, in an empty folder far from this repository. */
describe('the package, installed from its tarball in an empty folder', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'after-party-package-'))
    await writeFile(path.join(folder, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }')
    const tarball = (await readdir(build)).find((file) => file.endsWith('.tgz')) ?? 'no tarball'
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
    await npm('install', ...quiet, path.join(build, tarball), '@prisma/client@7.10.0')
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const npm = (...args: string[]) => execa('npm', args, { cwd: folder, env: { NODE_OPTIONS: '' } })
  const node = async (script: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
    })
    return stdout.trim()
  }

  test('npx after-party runs', async () => {
    const { stdout } = await npm('exec', '--offline', '--', 'after-party', '--help')
    for (const command of ['init', 'new <name>', 'run [names..]', 'status', 'mark [names..]', 'history [name]'])
      expect(stdout).toContain(`after-party ${command}`)
    for (const flag of ['--version', '-v'])
      expect((await npm('exec', '--offline', '--', 'after-party', flag)).stdout).toBe('0.1.0')
    const help = await npm('exec', '--offline', '--', 'after-party', 'run', '--help')
    expect((await npm('exec', '--offline', '--', 'after-party', 'help', 'run')).stdout).toBe(help.stdout)
    expect(help.stdout).toContain('--max-duration')
  })

  test('its exports are there', async () => {
    expect(
      await node(`const { defineTask, defineConfig, createAfterParty, AfterPartyError } = await import('after-party')
      console.log([defineTask, defineConfig, createAfterParty, AfterPartyError].map((it) => typeof it).join())`),
    ).toBe('function,function,function,function')
    expect(await node(`console.log(typeof await import('after-party/testing'))`)).toBe('object')
    for (const [face, factory] of Object.entries({ 'pg-boss': 'pgBossQueue', bullmq: 'bullmqQueue' })) {
      expect(await node(`console.log(typeof (await import('after-party/${face}')).${factory})`)).toBe('function')
      const require = `(await import('node:module')).createRequire(import.meta.resolve('./'))`
      expect(await node(`console.log(typeof ${require}('after-party/${face}').${factory})`)).toBe('function')
    }
    expect(await node(`console.log(import.meta.resolve('after-party/package.json').endsWith('package.json'))`)).toBe(
      'true',
    )
  })

  test.each([
    ['pg-boss', `pgBossQueue({ connectionString: 'postgres://nowhere' })`, 'npm install pg-boss'],
    ['bullmq', `bullmqQueue({ connection: 'redis://nowhere' })`, 'npm install bullmq ioredis'],
  ])('a queue without its package %s says what to install', async (face, make, next) => {
    const told = `({ code, next }) => console.log(code, next)`
    const factory = make.slice(0, make.indexOf('('))
    const ring = `ring([{ version: '20260101000000', part: null }]).catch(${told})`
    const listen = `listen(async () => {}, { concurrency: 1, signal: new AbortController().signal }).catch(${told})`
    for (const call of [ring, listen])
      expect(await node(`import { ${factory} } from 'after-party/${face}'; await ${make}.${call}`)).toBe(
        `config-invalid ${next}`,
      )
  })

  test('its types resolve, and check without skipping them', async () => {
    await writeFile(
      path.join(folder, 'task.ts'),
      `import { createAfterParty, defineConfig, defineTask, type Task } from 'after-party'
import { bullmqQueue } from 'after-party/bullmq'
import { pgBossQueue, type PgBossLike } from 'after-party/pg-boss'
import * as testing from 'after-party/testing'
export const queues = [bullmqQueue({ connection: { host: 'redis', port: 6379 } }), pgBossQueue({ boss: {} as PgBossLike })]
export const task = defineTask({ timeout: '10s', async run({ log, signal, progress }) { log('x', signal.aborted); progress(1) } })
export const config = defineConfig({ client: () => ({}) as never })
export const party = createAfterParty({ client: config.client, tasks: { '20260101000000_x': task } })
export type Mine = Task
export { testing }
`,
    )
    const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', '', 'task.ts']
    const tsc = path.join(repository, 'node_modules/typescript/bin/tsc')
    const { stdout } = await execa(process.execPath, [tsc, ...options], { cwd: folder, reject: false })
    expect(stdout).toBe('')
  })

  test('holds the built code, the templates and its papers, and nothing else', async () => {
    const files = (await readdir(unpacked, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(unpacked, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    const others = files.filter((file) => !/^(dist|templates)\//.test(file))
    const papers = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'llms.txt']
    expect(others.filter((file) => !papers.includes(file) && !/^docs\/(deploy\/)?[a-z\d-]+\.md$/.test(file))).toEqual(
      [],
    )
    expect(files.filter((file) => file.startsWith('dist/') && !/\.(c?js|d\.c?ts)(\.map)?$/.test(file))).toEqual([])
    expect(files.filter((file) => file.startsWith('templates/') && !file.endsWith('.hbs'))).toEqual([])
    for (const needed of [
      'dist/cli/bin.js',
      'dist/index.js',
      'dist/index.d.ts',
      'templates/task.hbs',
      'docs/tasks.md',
      'docs/agents.md',
      ...papers,
    ])
      expect(files).toContain(needed)
  })
})
