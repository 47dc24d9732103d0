import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { newTask, versionAt } from '../../../../src/project/new/new-task.js'
import type { TestSetup } from '../../../../src/project/new/test-setup.js'
import { listTasks } from '../../../../src/project/task-files.js'

const NOW = new Date('2026-11-22T10:30:00.987Z')

let root: string
let tasksDir: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'new-task-'))
  tasksDir = join(root, 'prisma', 'after-party')
})

afterEach(() => rm(root, { recursive: true, force: true }))

describe('a new task', () => {
  test('is a file named by the UTC time and its name, in a directory made for it', async () => {
    const task = await newTask({ tasksDir, name: 'backfillSlugs', now: NOW })
    expect(task).toEqual({
      file: join(tasksDir, '20261122103000_backfill_slugs.ts'),
      version: '20261122103000',
      name: 'backfill_slugs',
    })
    expect(await readdir(tasksDir)).toEqual(['20261122103000_backfill_slugs.ts'])
    const text = await readFile(task.file, 'utf8')
    expect(text).toMatch(/^import \{ defineTask \} from 'after-party'\n/)
    expect(text).toContain("  description: 'Backfill slugs',\n")
    expect(text).not.toContain('everyDeploy')
  })

  test('says that it runs at every deploy only when told to', async () => {
    const { file } = await newTask({ tasksDir, name: 'warm_up', everyDeploy: true })
    expect(await readFile(file, 'utf8')).toContain('  everyDeploy: true,\n')
  })

  test.each(['ts', 'mts', 'mjs', 'js'] as const)('can be a .%s file', async (extension) => {
    const { file } = await newTask({ tasksDir, name: 'x', extension })
    expect(file.endsWith(`_x.${extension}`)).toBe(true)
  })

  test.each([
    "it's",
    '\\',
    "\\'",
    '\u0024{process.exit(1)}',
    '`',
    'a\nb\r\nc\u2028d\u0000',
    '{{name}}',
    "'}); process.exit(1) //",
    '</script>',
    '\u202eevil',
    'Grüße 🎉',
  ])('keeps the description %j as it is', async (description) => {
    const { file } = await newTask({ tasksDir, name: 'x', description })
    const literal = /^ {2}description: ('.*'),$/m.exec(await readFile(file, 'utf8'))?.[1] ?? ''
    expect(new Function(`return ${literal}`)()).toBe(description)
  })

  test('made in one second with another gets the next second', async () => {
    const versions: string[] = []
    for (const name of ['a', 'b', 'c']) versions.push((await newTask({ tasksDir, name, now: NOW })).version)
    expect(versions).toEqual(['20261122103000', '20261122103001', '20261122103002'])
  })

  test('made with many others at once has a version of its own', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `task_${String.fromCharCode(97 + index)}`)
    const tasks = await Promise.all(names.map((name) => newTask({ tasksDir, name, now: NOW })))
    expect(new Set(tasks.map(({ version }) => version)).size).toBe(20)
    expect(await readdir(tasksDir)).toHaveLength(20)
  })

  test('made twice at once is made once', async () => {
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => newTask({ tasksDir, name: 'x' })))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(await readdir(tasksDir)).toHaveLength(1)
  })

  test('takes over a lock that a crash left behind', async () => {
    await newTask({ tasksDir, name: 'a' })
    const lock = join(tasksDir, '.new.lock')
    await writeFile(lock, '')
    await utimes(lock, new Date(0), new Date(0))
    await newTask({ tasksDir, name: 'b' })
    expect(await readdir(tasksDir)).toHaveLength(2)
  })

  test.each(['20240101000000_old_one.js', '20240101000000_old-one.mts', '20240101000000_oldOne.ts'])(
    'is refused when %s has its name',
    async (file) => {
      await newTask({ tasksDir, name: 'other' })
      await writeFile(join(tasksDir, file), '')
      await expect(newTask({ tasksDir, name: 'old_one' })).rejects.toMatchObject({
        code: 'task-name-taken',
        why: expect.stringContaining(file),
      })
    },
  )

  test('with a test gets one beside it, of the same kind of file, whose name is no task', async () => {
    const setup: TestSetup = {
      runner: 'node',
      jestGlobals: false,
      importStyle: 'real',
      config: join(root, 'after-party.config.mjs'),
      clientExported: true,
      clientAsync: false,
    }
    const made = await newTask({ tasksDir, name: 'x', now: NOW, extension: 'mjs', test: setup })
    expect(made.test).toBe(join(tasksDir, '20261122103000_x.test.mjs'))
    expect(await readFile(made.test ?? '', 'utf8')).toContain("import task from './20261122103000_x.mjs'\n")
    expect(listTasks(await readdir(tasksDir))).toMatchObject({ files: [{ name: 'x' }], faults: [] })
    await newTask({ tasksDir, name: 'x_test', now: NOW })
    await writeFile(join(root, 'test.hbs'), '{{nope}}')
    const broken = newTask({ tasksDir, name: 'y', test: setup, templatesDir: root })
    await expect(broken).rejects.toMatchObject({ code: 'template-invalid' })
    expect(await readdir(tasksDir)).toHaveLength(3)
  })

  test('is refused for a bad name, and leaves nothing behind', async () => {
    await expect(newTask({ tasksDir, name: '../x' })).rejects.toMatchObject({ code: 'task-name-invalid' })
    expect(await readdir(root)).toEqual([])
  })

  test('is refused when the tasks directory is a file', async () => {
    const file = join(root, 'tasks')
    await writeFile(file, '')
    await expect(newTask({ tasksDir: file, name: 'x' })).rejects.toMatchObject({ code: 'tasks-invalid' })
    await expect(newTask({ tasksDir: join(file, 'x'), name: 'x' })).rejects.toMatchObject({ code: 'tasks-invalid' })
  })

  test("is made from the team's own template", async () => {
    await writeFile(
      join(root, 'task.hbs'),
      '// {{version}} {{name}} {{everyDeploy}}\nexport default {{string description}}\n',
    )
    const { file } = await newTask({ tasksDir, name: 'x', description: "it's", now: NOW, templatesDir: root })
    expect(await readFile(file, 'utf8')).toBe("// 20261122103000 x false\nexport default 'it\\'s'\n")
  })

  test('is not made from a broken template, and leaves nothing behind', async () => {
    await writeFile(join(root, 'task.hbs'), '{{#if everyDeploy}}')
    await expect(newTask({ tasksDir, name: 'x', templatesDir: root })).rejects.toMatchObject({
      code: 'template-invalid',
      what: expect.stringContaining(join(root, 'task.hbs')),
    })
    expect(await readdir(root)).toEqual(['task.hbs'])
  })
})

test('a version has 14 digits, whatever the time zone', () => {
  expect(versionAt(NOW)).toBe('20261122103000')
  expect(basename(versionAt(new Date('2026-01-02T03:04:05+09:00')))).toBe('20260101180405')
})
