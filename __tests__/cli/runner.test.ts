import { chmod, mkdir, symlink } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { execa } from 'execa'
import { Project } from '../support/project.js'
import { testAgain } from '../support/selection.js'

describe('npx', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    await mkdir(project.path('node_modules/.bin'), { recursive: true })
    await symlink('../after-party/dist/cli/bin.js', project.path('node_modules/.bin/after-party'))
    // As npm does when it installs a package.
    await chmod(project.path('node_modules/after-party/dist/cli/bin.js'), 0o755)
  })
  afterAll(() => project.remove())

  testAgain('that is killed does not leave a run behind: its task is interrupted and let go', async () => {
    await project.task(
      '20260101000000_waits',
      `log('at work'); await new Promise((resolve) => signal.addEventListener('abort', resolve)); signal.throwIfAborted()`,
    )
    const npx = execa('npx', ['after-party', 'run'], { cwd: project.directory, reject: false, all: true })
    for await (const line of npx.iterable({ from: 'all' })) {
      if (line.includes('at work')) npx.kill('SIGTERM')
      if (line.includes('Stopped by a signal')) break
    }
    const { stdout } = await project.afterParty('status', '--json')
    expect(JSON.parse(stdout).tasks).toMatchObject([{ name: 'waits', state: 'interrupted' }])
  })
})
