import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { projects, repository } from '../support/paths.mjs'

/** The demo is how a newcomer meets the product: what it says must happen. */
describe('the demo', () => {
  const folder = path.join(projects, `demo-${process.pid}`)
  const told = { code: undefined as number | undefined, text: '' }

  beforeAll(async () => {
    const { exitCode, all } = await execa(process.execPath, [path.join(repository, 'scripts', 'demo.mjs'), folder], {
      cwd: repository,
      env: { NO_COLOR: '1' },
      all: true,
      reject: false,
    })
    Object.assign(told, { code: exitCode, text: all })
  }, 180_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('finds everything as it should be', () => {
    expect({ ...told, text: told.code === 0 ? '' : told.text }).toEqual({ code: 0, text: '' })
  })

  test('deploys by the real commands', () => {
    expect(told.text).toContain('$ npx prisma migrate deploy && npx after-party run\n')
    expect(told.text).toContain('20260316091000_add_slugs_and_figures/')
    expect(told.text).toMatch(/✔ backfill_slugs \S+, 5,000 rows/)
    expect(told.text).toMatch(/done +20260316094500 +backfill_slugs/)
    expect(told.text).toMatch(/recurring +20260316100000 +refresh_figures/)
  })

  test('does nothing when the same release starts again', () => {
    expect(told.text).toContain('No pending migrations to apply.\n✔ Nothing to do in blog.db.')
  })

  test('shows a failure, its exit code, and that the transaction left nothing behind', () => {
    expect(told.text).toContain('✖ shorten_slugs failed')
    expect(told.text).toContain('Unique constraint failed on the fields: (`slug`)')
    expect(told.text).toContain('(exit code 1)')
    expect(told.text).toContain('✔ characters of slugs lost: 0')
    expect(told.text).toMatch(/failed +20260420083000 +shorten_slugs/)
  })

  test('runs the mended task, and keeps both attempts in the history', () => {
    expect(told.text).toContain('→ shorten_slugs 20260420083000 (attempt 2)')
    expect(told.text).toMatch(/done +20260420083000 +shorten_slugs[\s\S]+failed +20260420083000 +shorten_slugs/)
    expect(told.text).toContain('✔ slugs that are too long: 0')
  })

  test('has tasks that compile', async () => {
    const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
    const { all } = await execa(process.execPath, [tsc, '-p', folder], { all: true, reject: false })
    expect(all).toBe('')
  })
})
