import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { issuesPage } from '../../src/cli/own-package.js'
import { reportBug } from '../../src/cli/report-error.js'
import { repository } from '../support/paths.mjs'

/** The address of the project: in one place, `repository` of package.json, and nowhere invented. */

describe('publishing', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'after-party-publish-'))
    await cp(path.join(repository, 'scripts/demand-address.mjs'), path.join(folder, 'scripts/demand-address.mjs'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** npm in a folder with our package.json, with another address and a build that is over at once. */
  async function npm(address: string | undefined, ...args: string[]) {
    const own = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8'))
    const scripts = { ...own.scripts, build: 'node --version' }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ ...own, scripts, repository: address }))
    return execa('npm', args, { cwd: folder, env: { NODE_OPTIONS: '' }, reject: false })
  }

  test('is refused by `npm publish` itself while the package has no address', async () => {
    const { exitCode, stderr } = await npm(undefined, 'publish', '--dry-run', '--offline')
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('✖ The package has no address, so it was not published.')
    expect(stderr).toContain('→ npm pkg set repository=github:<owner>/<name>')
  })

  test('goes on to the build once it has one', async () => {
    const { exitCode, stdout } = await npm('github:owner/name', 'run', 'prepublishOnly')
    expect(exitCode).toBe(0)
    expect(stdout).toContain(process.version)
  })
})

describe('the report of a bug', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })

  function reported(own: Parameters<typeof reportBug>[1]): string {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
    reportBug(new TypeError('no table'), own)
    return stripVTControlCharacters(write.mock.calls.map(([text]) => text).join(''))
  }

  test('names the versions that it takes to look into it, and says what else to send', () => {
    const text = reported({ version: '1.2.3' })
    expect(text).toContain(`  after-party 1.2.3, Node ${process.versions.node}, Prisma 7.`)
    expect(text).toContain('  TypeError: no table\n')
    expect(text).toMatch(/→ Include the command that you ran and what you expected\.\n$/)
  })

  test('has the address of the issues once the package has one', () => {
    expect(reported({ version: '1.2.3', repository: 'github:owner/name' })).toContain(
      'Report it here: https://github.com/owner/name/issues\n',
    )
  })
})

test.each([
  [undefined, undefined],
  ['', undefined],
  [{ url: ' ' }, undefined],
  ['owner/name', 'https://github.com/owner/name/issues'],
  ['github:owner/name', 'https://github.com/owner/name/issues'],
  [{ url: 'git+https://git.example.org/owner/name.git' }, 'https://git.example.org/owner/name/issues'],
  ['https://git.example.org/owner/name', 'https://git.example.org/owner/name/issues'],
])('of the repository %j, bugs are reported at %s', (given, page) => {
  expect(issuesPage(given === undefined ? {} : { repository: given })).toBe(page)
})
