import type { Definition } from '../define/definition.js'
import { AfterPartyError } from '../define/errors.js'
import type { PlanReason } from '../define/events.js'
import { nearest } from '../define/nearest.js'
import type { TaskFile, TaskSource } from '../project/task-files.js'
import { type Definitions, loadDefinitions } from './prepare.js'

/** Which tasks, by their tags. An empty list is the same as none. */
export interface TagFilter {
  /** Only tasks with one of these tags. Default: all. */
  tags?: readonly string[] | undefined
  /** Without the tasks that have one of these tags. */
  excludeTags?: readonly string[] | undefined
}

/** Why a task is left out by its tags; undefined: it is not, or its tags are not known. */
export function leftOutByTag(
  definition: Pick<Definition, 'tags'> | null,
  { tags: only = [], excludeTags = [] }: TagFilter,
): Extract<PlanReason, { code: 'other-tag' | 'excluded-tag' }> | undefined {
  if (!definition) return undefined
  const { tags = [] } = definition
  const tag = excludeTags.find((excluded) => tags.includes(excluded))
  if (tag !== undefined) return { code: 'excluded-tag', tag }
  if (only.length === 0 || only.some((wanted) => tags.includes(wanted))) return undefined
  return { code: 'other-tag', only: [...only] }
}

/** Whether tags choose the tasks at all. */
export function isFiltered({ tags = [], excludeTags = [] }: TagFilter): boolean {
  return tags.length > 0 || excludeTags.length > 0
}

/**
 * Throws `tag-unknown` for a tag that no task has: misspelt, it would run nothing, or too much. Files that the run does
 * not need are read for it alone. One of them that does not load any more may have the tag, and does no harm.
 */
export async function demandKnownTags(
  { tags = [], excludeTags = [] }: TagFilter,
  { source, files, definitions }: { source: TaskSource; files: readonly TaskFile[] } & Pick<Definitions, 'definitions'>,
): Promise<void> {
  const known = new Set<string>()
  const learn = (from: Definitions['definitions']) => {
    for (const { tags = [] } of from.values()) for (const tag of tags) known.add(tag)
  }
  const firstUnknown = () => [...tags, ...excludeTags].find((tag) => !known.has(tag))
  learn(definitions)
  if (firstUnknown() === undefined) return
  const rest = await loadDefinitions(
    source,
    files.filter(({ version }) => !definitions.has(version)),
  )
  learn(rest.definitions)
  const unknown = firstUnknown()
  if (unknown === undefined || rest.faults.length > 0) return
  const near = nearest(unknown, [...known])
  throw new AfterPartyError('tag-unknown', {
    what: `Unknown tag: ${JSON.stringify(unknown)}.`,
    why: known.size === 0 ? 'No task has tags.' : `The tags of the tasks are: ${[...known].sort().join(', ')}.`,
    next: near
      ? `Did you mean ${near}? Run \`npx after-party status --tag ${near}\` to list its tasks.`
      : 'Run `npx after-party status --json` to list all tasks with their tags.',
  })
}
