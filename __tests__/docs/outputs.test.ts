import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Project, type Ran } from '../support/project.js'
import { readPage } from './pages.js'
import { steady } from './steady.js'

/** What docs/commands.md and docs/errors.md show of a command is what it prints, but for times and names of hosts. */

/** What a page shows below a command. */
function shown(file: string, command: string): string {
  const block = readPage(file).blocks.find(({ text }) => text.startsWith(`$ npx after-party ${command}\n`))
  if (!block) throw new Error(`${file} does not show ${command}`)
  return steady(block.text.slice(block.text.indexOf('\n')))
}

/** Without warnings: on a busy machine, a connection may take its time to close. */
const printed = ({ stdout, stderr }: Ran): string => steady(`${stdout}\n${stderr.replaceAll(/^⚠ .*$/gm, '')}`)

describe('the outputs of the commands', () => {
  let project: Project
  const said = new Map<string, string>()
  beforeAll(async () => {
    project = await Project.create()
    const run = async (...commands: string[]) => {
      const ran = await project.inOneProcess(commands.map((command) => command.split(' ')))
      for (const [at, command] of commands.entries()) said.set(command, printed(ran[at] as Ran))
    }
    await project.task('20260316093000_name_blank_posts', '', `description: 'Call posts without a title "Untitled"',`)
    await run('run --dry-run')
    await project.task(
      '20260316100000_refresh_figures',
      '',
      `everyDeploy: true, description: 'Count the posts for the front page',`,
    )
    await project.task(
      '20260420083000_shorten_slugs',
      'throw new Error("Unique constraint failed on the fields: (`slug`)")',
    )
    project.env = { AFTER_PARTY_DEPLOY_ID: 'c40d9e8' }
    await run('run', 'status', 'run nope')
    await project.task('20260420083000_shorten_slugs', `log('100 slugs are shorter now')`)
    project.env = { AFTER_PARTY_DEPLOY_ID: 'e91b550' }
    await run('run', 'history shorten_slugs', 'mark shorten_slugs --pending')
  }, 400_000)
  afterAll(() => project.remove())

  test.each([
    ['docs/commands.md', 'run --dry-run'],
    ['docs/commands.md', 'status'],
    ['docs/commands.md', 'history shorten_slugs'],
    ['docs/commands.md', 'mark shorten_slugs --pending'],
    ['docs/errors.md', 'run nope'],
  ])('%s shows what `%s` prints', (file, command) => {
    const places = (text = '') => text.replace(/\(\S*shorten_slugs\.ts:\d+:\d+\)/g, '(<place>)').replace('async ', '')
    expect(places(said.get(command))).toBe(places(shown(file, command)))
  })
})
