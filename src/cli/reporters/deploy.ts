import type { DeployNews, DeployResult } from '../../deploy/deploy.js'
import type { OlderDatabase } from '../../deploy/older-database.js'
import type { PlannedSegment } from '../../deploy/plan-deploy.js'
import { docsPage, ownPackage } from '../own-package.js'
import { asCalled } from '../runner.js'
import { count, formatMs, indent, stderr, stdout } from '../terminal.js'
import { describeGates } from './gates.js'
import { printJson } from './json.js'

/** Tells on stderr what a deploy does between the runs of its tasks. */
export class DeployReport {
  readonly #began = performance.now()

  hear(news: DeployNews): void {
    if (news.type === 'migrating') {
      const upTo = news.next ? `, up to the gate of ${news.next.migration}` : ''
      const what = stderr.style('dim', `(${count(news.migrations.length, 'migration')}${upTo})`)
      stderr.line(`${stderr.style('bold', '→ prisma migrate deploy')} ${what}`)
    }
    if (news.type === 'migration-lock') stderr.line('› Another deploy is applying migrations. Trying again.')
    if (news.type === 'running' && news.next)
      stderr.line(`› ${news.next.migration} requires ${describeGates(news.next.requires)}`)
  }

  /** The last lines, where the run of the tasks has not said it. */
  ended({ outcome, steps, closed }: DeployResult, hint?: OlderDatabase): void {
    const last = steps.at(-1)
    if (outcome === 'failed' && last && 'exitCode' in last) {
      stderr.line(`${stderr.style('red', '✖')} prisma migrate deploy failed with exit code ${last.exitCode}.`)
      stderr.line(
        asCalled(
          '→ Fix the problem that Prisma reports above, then run `npx after-party deploy` again. It resumes where it stopped.',
        ),
      )
    }
    if (outcome === 'interrupted' && last && 'exitCode' in last)
      stderr.line(asCalled('\nStopped by a signal. The next `npx after-party deploy` resumes where it stopped.'))
    if (hint) sayHint(hint)
    if (closed) {
      stderr.line(
        `${stderr.style('red', '✖')} ${closed.migration} was not applied: it requires ${describeGates(closed.requires)}.`,
      )
      stderr.line(asCalled('→ Run `npx after-party status` to see why, then `npx after-party deploy` again.'))
    }
    const applied = steps.flatMap((step) => ('exitCode' in step ? step.migrations : []))
    if (outcome === 'done' && applied.length > 0)
      stderr.line(
        `${stderr.style('green', '✔')} Deployed ${count(applied.length, 'migration')} in ${formatMs(performance.now() - this.#began)}`,
      )
  }
}

/** Of a task that met a database which is older than its client. */
function sayHint(hint: OlderDatabase): void {
  const page = docsPage(ownPackage(), 'gates.md')
  if ('migration' in hint) {
    stderr.line(`› ${hint.name} does not exist in this database yet: ${hint.migration} adds it, after this task.`)
    stderr.line(`→ Read only the columns that the task needs: pass \`select\`, or use a raw query. See ${page}.`)
    return
  }
  const newest = hint.why === 'required' ? 'is required' : "doesn't exist"
  stderr.line(`› ${hint.name} ${newest} in your newest schema. This database is older: migrations are pending.`)
  stderr.line(`→ Use a raw query for it. See ${page}.`)
}

/** Prints the segments of a deploy, in order: what would be applied, and what would run. */
export function printDeployPlan(segments: readonly PlannedSegment[], { json }: { json: boolean }): void {
  if (json) printJson('deploy plan', { segments: [...segments] })
  else for (const segment of segments) printSegment(segment)
  const total = (list: 'migrations' | 'tasks') => segments.reduce((sum, segment) => sum + segment[list].length, 0)
  const [migrations, tasks] = [total('migrations'), total('tasks')]
  stderr.line(
    migrations + tasks === 0
      ? 'Nothing to deploy.'
      : `${count(migrations, 'migration')} and ${count(tasks, 'task')} to deploy. Nothing was done.`,
  )
}

function printSegment({ migrations, tasks, next }: PlannedSegment): void {
  for (const name of migrations) stdout.line(`migration  ${name}`)
  for (const { version, name } of tasks) stdout.line(`task       ${version}_${name}`)
  if (next) stdout.line(stdout.style('dim', indent(`${next.migration} requires ${describeGates(next.requires)}`)))
}
