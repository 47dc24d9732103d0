import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

describe('help', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
  })
  afterAll(() => project.remove())

  test('of a command has examples, and says where to read on', async () => {
    const { code, stdout } = await project.afterParty('run', '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/Examples:\n {2}after-party run /)
    expect(stdout).toMatch(/\nDocs: \S+docs\/commands\.md$/)
    await project.read('node_modules/after-party/docs/commands.md')
  })

  testAgain('--verbose shows where an error was thrown', async () => {
    await project.task('20260101000000_first', `JSON.parse('{')`)
    const [short, long] = [await project.afterParty('run'), await project.afterParty('run', '--verbose')]
    expect(short.stderr).not.toMatch(/^ +at .*node_modules.after-party/m)
    expect(long.stderr).toMatch(/^ +at .*node_modules.after-party/m)
    await project.write('prisma/after-party/20260101000000_first.ts', `throw new Error('at import')`)
    expect((await project.afterParty('run')).stderr).not.toMatch(/^ +at /m)
    expect((await project.afterParty('run', '--verbose')).stderr).toMatch(/^ +at /m)
  })

  testAgain('the completion that it prints works in bash', async () => {
    const bin = project.path('after-party')
    const script = project.path('node_modules/after-party/dist/cli/bin.js')
    await writeFile(bin, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`, { mode: 0o755 })
    const ask = `eval "$(after-party completion)"
COMP_WORDS=(after-party status --ch); COMP_CWORD=2
_after-party_yargs_completions; echo "\${COMPREPLY[@]}"`
    const { stdout } = await execa('bash', ['-c', ask], { env: { PATH: `${project.directory}:${process.env.PATH}` } })
    expect(stdout).toBe('--check')
  })
})
