import { mkdirSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { exitCodeOfError } from '../../../src/cli/exit-codes.js'
import { asFileError } from '../../../src/project/file-error.js'
import { applyInit } from '../../../src/project/init/apply-init.js'
import { type InitPlan, planInit } from '../../../src/project/init/plan-init.js'
import { readMigrations } from '../../../src/project/migration-files.js'
import { newTask } from '../../../src/project/new/new-task.js'
import { TaskDirectory } from '../../../src/project/task-files.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'after-party-files-'))
})
afterEach(() => rm(root, { recursive: true }))

function systemError(code: string, syscall = 'open', file: string | null = '/app/file'): Error {
  const message = `${code}: as Node says it, ${syscall}${file === null ? '' : ` '${file}'`}`
  return Object.assign(new Error(message), { code, syscall, errno: -1, ...(file !== null && { path: file }) })
}

describe('What the system refuses is no bug', () => {
  test.each([
    ['EACCES', "Can't open /app/file (EACCES)."],
    ['EPERM', "Can't open /app/file (EPERM)."],
    ['EROFS', "Can't write /app/file (EROFS)."],
    ['ENOSPC', "Can't write /app/file (ENOSPC)."],
    ['EISDIR', "Can't open /app/file (EISDIR)."],
    ['ENOTDIR', "Can't open /app/file (ENOTDIR)."],
    ['ENAMETOOLONG', "Can't open /app/file (ENAMETOOLONG)."],
    ['EMFILE', "Can't open /app/file (EMFILE)."],
    ['EWHATEVER', "Can't open /app/file (EWHATEVER)."],
  ])('%s', (code, what) => {
    const error = systemError(code)
    expect(asFileError(error)).toMatchObject({ code: 'file-unusable', what, why: expect.stringContaining(code) })
    expect(exitCodeOfError(error)).toBe(2)
  })

  test('a directory that can’t be made is told as something to write', () => {
    expect(asFileError(systemError('EACCES', 'mkdir'))).toMatchObject({ what: "Can't write /app/file (EACCES)." })
  })

  test('what has no path is told too', () => {
    const what = 'The system refused an operation (ENOENT).'
    expect(asFileError(systemError('ENOENT', 'uv_cwd', null))).toMatchObject({ what })
  })

  test('anything else stays what it is', () => {
    for (const error of [new TypeError('x'), Object.assign(new Error('x'), { code: 'EACCES' }), 'EACCES', null]) {
      expect(asFileError(error)).toBe(error)
      expect(exitCodeOfError(error)).toBe(70)
    }
  })
})

describe('A name that is too long for the file system is told', () => {
  const tooLong = 'x'.repeat(300)

  test.each<[string, () => Promise<unknown>]>([
    ['new', () => newTask({ tasksDir: path.join(root, tooLong), name: 'first' })],
    ['the migrations', () => readMigrations(path.join(root, tooLong))],
    ['a task file', () => new TaskDirectory(root, async () => {}).checksum({ version: '1', name: 'x', file: tooLong })],
  ])('by %s', async (_, work) => {
    await expect(work()).rejects.toMatchObject({ code: 'file-unusable', what: expect.stringContaining('ENAMETOOLONG') })
  })
})

test('A migration that can’t be read is not counted as none', async () => {
  await mkdir(path.join(root, '20260101000000_init'))
  await symlink('migration.sql', path.join(root, '20260101000000_init/migration.sql'))
  await expect(readMigrations(root)).rejects.toMatchObject({ code: 'file-unusable' })
})

test('A package.json that can’t be read is not taken for one without Prisma', async () => {
  await symlink('package.json', path.join(root, 'package.json'))
  await expect(planInit({ cwd: root, env: {} })).rejects.toMatchObject({ what: expect.stringContaining('ELOOP') })
})

test('What init could not put back is told beside the reason, which it does not hide', async () => {
  const schema = path.join(root, 'schema.prisma')
  await writeFile(schema, 'before')
  const add = { name: 'schema.prisma', before: 'before', added: ' and more', after: 'before and more' }
  const files = [
    { path: schema, action: 'append', ...add },
    {
      path: schema,
      ...add,
      // Somebody puts a directory in the place of the schema while init is at work.
      get action() {
        rmSync(schema)
        mkdirSync(schema)
        return 'append'
      },
    },
  ]
  await expect(applyInit({ files } as unknown as InitPlan, { env: {} })).rejects.toMatchObject({
    code: 'file-unusable',
    what: expect.stringMatching(/EISDIR/),
    why: expect.stringContaining('Some files could not be restored:'),
    next: expect.stringContaining('git status'),
  })
})
