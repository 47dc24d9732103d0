import { expect, test } from '@jest/globals'
import { Project } from '../support/project.js'

test('a task that waits is told in one line, is no failure, and keeps `status --check` at 4', async () => {
  const project = await Project.create()
  try {
    await project.task('20260101000000_first', '', `when: () => 'the flag is off',`)
    await project.task('20260102000000_second', `log('I am second')`)
    const ran = await project.afterParty('run')
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('› first waits: the flag is off\n')])
    expect(ran.stderr.split('\n').at(-1)).toEqual(expect.stringMatching(/^✔ 1 task done in .*, 1 task waits$/))

    const [status, named] = await Promise.all([
      project.afterParty('status', '--check'),
      project.afterParty('run', 'first'),
    ])
    expect([status.code, status.stdout]).toEqual([
      4,
      expect.stringMatching(/^pending .*late, waiting: the flag is off$/m),
    ])
    expect([named.code, named.stderr]).toEqual([0, expect.stringContaining('› 1 task waits\n')])
    expect(named.stderr).toContain('`when` decides for named tasks too.')
    expect(named.stderr).toContain('npx after-party mark first --done')
  } finally {
    await project.remove()
  }
})
