import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { CONFIG_FILES, findConfigFile, loadConfig } from '../../../src/project/config-file.js'
import type { Loader } from '../../../src/project/loader.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'after-party-config-'))
})
afterEach(() => rm(root, { recursive: true }))

const write = async (file: string) => {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true })
  await writeFile(path.join(root, file), '')
}
const exporting = (exported: unknown): Loader => ({ defaultExport: async () => exported })
const client = () => ({}) as never

describe('the config file', () => {
  test.each(CONFIG_FILES.map((file) => [file]))('may be %s', async (file) => {
    await write(file)
    expect(findConfigFile(root)).toBe(path.join(root, file))
  })

  test('is found from a folder below, up to the first package.json', async () => {
    await write('after-party.config.ts')
    await write('src/deep/file.ts')
    await write('package.json')
    expect(findConfigFile(path.join(root, 'src/deep'))).toBe(path.join(root, 'after-party.config.ts'))
    await write('src/package.json')
    expect(findConfigFile(path.join(root, 'src/deep'))).toBeUndefined()
  })

  test('that was compiled is named where there is no other', async () => {
    await write('package.json')
    await write('dist/after-party.config.js')
    await expect(loadConfig(exporting({ client }), root)).rejects.toMatchObject({
      code: 'config-missing',
      why: 'There is one that was compiled.',
      next: 'Pass `--config dist/after-party.config.js`.',
    })
  })

  test('is .ts before .mjs where there are both', async () => {
    await write('after-party.config.mjs')
    await write('after-party.config.ts')
    expect(findConfigFile(root)).toBe(path.join(root, 'after-party.config.ts'))
  })
})

describe('a config', () => {
  beforeEach(() => write('after-party.config.ts'))

  test('has defaults, and its paths are absolute, from the file’s own folder', async () => {
    expect(await loadConfig(exporting({ client }), root)).toEqual({
      client,
      tasks: path.join(root, 'prisma/after-party'),
      migrations: path.join(root, 'prisma/migrations'),
      file: path.join(root, 'after-party.config.ts'),
    })
    const given = { client, tasks: 'tasks', migrations: '../migrations', templates: './templates', lease: '30s' }
    expect(await loadConfig(exporting(given), path.join(root), 'after-party.config.ts')).toMatchObject({
      tasks: path.join(root, 'tasks'),
      migrations: path.join(root, '../migrations'),
      templates: path.join(root, 'templates'),
      lease: '30s',
    })
  })

  test.each([
    [undefined, 'It has no default export.'],
    [null, 'Its default export is not an object.'],
    [() => {}, 'Its default export is not an object.'],
    [{}, 'client is missing'],
    [{ client: {} }, 'client must be a function that returns a PrismaClient'],
    [{ client, ledgerClient: 1 }, 'ledgerClient must be a function'],
    [{ client, tasks: '' }, 'tasks must be a path'],
    [{ client, lease: '1ms' }, 'lease must be a duration of 100ms or more'],
    [{ client, lockTimeout: 'soon' }, 'lockTimeout must be a duration'],
    [{ client, migration: 'x' }, 'migration is not an option of the config: did you mean migrations?'],
  ])('that is %p is refused', async (exported, why) => {
    await expect(loadConfig(exporting(exported), root)).rejects.toMatchObject({
      code: 'config-invalid',
      why: expect.stringContaining(why),
    })
  })

  test('that is not there is `config-missing`, named or not', async () => {
    await expect(loadConfig(exporting({ client }), root, 'nope.ts')).rejects.toMatchObject({ code: 'config-missing' })
    await rm(path.join(root, 'after-party.config.ts'))
    await write('package.json')
    await expect(loadConfig(exporting({ client }), root)).rejects.toMatchObject({ code: 'config-missing' })
  })
})
