import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createFilesMatcher, parseTsconfig, type TsConfigResult } from 'get-tsconfig'
import { findNodeAtLocation, parseTree } from 'jsonc-parser'
import { messageOf } from '../../define/errors.js'
import { referencedTsconfig } from '../referenced-tsconfig.js'
import { shownPath } from '../shown-path.js'
import { type Insertion, lineEnding } from './insertion.js'

/** A `tsconfig.json` as it was found, with what it extends. */
interface Tsconfig extends TsConfigResult {
  text: string
}

/** What init does about a project's tsconfig files, so that its builds emit what they did and the tasks are checked. */
export interface TypeChecks {
  /** Files that leave out what init writes, from now on. */
  excluded: { path: string; text: string; insertion: Insertion }[]
  /**
   * A tsconfig for the tasks: where the project's own leaves them out (`types`), or where they must be compiled, because
   * services are injected by the metadata of decorators, which only a compiler emits (`metadata`).
   */
  own: { path: string; text: string; what: 'types' | 'metadata' } | undefined
  notes: string[]
  warnings: string[]
}

/** Where things are, absolute. */
export interface Places {
  root: string
  config: string
  tasks: string
}

/** Finds out which builds would emit the config and the tasks, and whether an editor would check them. */
export async function planTypeChecks(scripts: Readonly<Record<string, string>>, places: Places): Promise<TypeChecks> {
  const { root, config, tasks } = places
  const found: TypeChecks = { excluded: [], own: undefined, notes: [], warnings: [] }
  const written = [config, join(tasks, 'task.ts')]
  const { names, sure } = buildConfigNames(scripts, (name) => existsSync(join(root, name)))
  for (const name of names) {
    const path = join(root, name)
    const tsconfig = await readTsconfig(path).catch((error) => {
      found.warnings.push(`Can't read ${name}: ${messageOf(error).split('\n')[0]}`)
    })
    if (!tsconfig || !emits(tsconfig, sure)) continue
    const part = written.filter((file) => includes(tsconfig, file))
    if (part.length === 0) continue
    const leftOut = part.map((file) => (file === config ? config : tasks))
    const shown = leftOut.map((file) => shownPath(file, root)).join(' and ')
    const insertion = exclusion(tsconfig, leftOut)
    if (insertion) {
      found.excluded.push({ path, text: tsconfig.text, insertion })
      found.notes.push(`${name} now excludes ${shown}, so that your build emits the same files as before`)
    } else
      found.warnings.push(`${name} compiles ${shown} too. Add them to its "exclude", or your build output will change.`)
  }
  const project = await projectTsconfig(root)
  const own = join(tasks, 'tsconfig.json')
  const leftOut = (checked: Tsconfig) =>
    found.excluded.some(({ path }) => path === checked.path) || written.some((file) => !includes(checked, file))
  const what =
    !project || existsSync(own) ? undefined : leftOut(project) ? 'types' : hasMetadata(project) ? 'metadata' : undefined
  if (project && what) {
    found.own = { path: own, text: tasksTsconfig(project, places), what }
    found.notes.push(
      what === 'types'
        ? `${shownPath(own, root)} type-checks the tasks, because ${shownPath(project.path, root)} excludes them`
        : `${shownPath(own, root)} compiles tasks that use services injected by their type (docs: NestJS)`,
    )
  }
  return found
}

/**
 * The tsconfig files that a package's scripts build by, relative to it, the ones that a build takes by itself where no
 * script names one.
 *
 * @example buildConfigNames({ build: 'tsc -p tsconfig.build.json' }, () => true) // ['tsconfig.build.json']
 */
export function buildConfigNames(
  scripts: Readonly<Record<string, string>>,
  exists: (name: string) => boolean,
): { names: string[]; sure: boolean } {
  const ordinary = exists('tsconfig.build.json') ? 'tsconfig.build.json' : 'tsconfig.json'
  const named = Object.values(scripts).flatMap((script) =>
    [...script.matchAll(COMPILERS)].flatMap(([, compiler, flags = '']) => {
      if (/--noEmit\b|--showConfig\b/.test(flags)) return []
      const project = PROJECT.exec(flags)?.[1]
      return project === undefined ? (compiler === 'tsc' ? 'tsconfig.json' : ordinary) : inFolder(project)
    }),
  )
  const names = [...new Set(named.length > 0 ? named : [ordinary])].filter(exists)
  return { names, sure: named.length > 0 }
}

const COMPILERS = /(?:^|[\s;&|(])(tsc|nest build)(?=$|[\s;&|)])([^;&|]*)/g
const PROJECT = /(?:^|\s)(?:-p|--project|-b|--build|--path)[\s=]+([^\s-][^\s]*)/

function inFolder(project: string): string {
  return /\.json$/.test(project) ? project.replace(/^\.\//, '') : join(project, 'tsconfig.json')
}

/** Reads a tsconfig and what it extends. */
async function readTsconfig(path: string): Promise<Tsconfig> {
  return { path, text: await readFile(path, 'utf8'), config: parseTsconfig(path) }
}

/** The tsconfig that an editor finds, or the one that it refers to. */
async function projectTsconfig(root: string): Promise<Tsconfig | undefined> {
  const path = (await referencedTsconfig(root)) ?? join(root, 'tsconfig.json')
  return readTsconfig(path).catch(() => undefined)
}

function hasMetadata({ config }: Tsconfig): boolean {
  return config.compilerOptions?.emitDecoratorMetadata === true
}

/** Whether a file, there or not, is part of what a tsconfig compiles. */
function includes(tsconfig: Tsconfig, file: string): boolean {
  return createFilesMatcher(tsconfig)(file) !== undefined
}

/** Whether compiling by it leaves files. `sure`: somebody does. */
function emits({ config: { compilerOptions = {} } }: Tsconfig, sure: boolean): boolean {
  const { noEmit, outDir } = compilerOptions
  return !noEmit && (sure || outDir !== undefined)
}

/** What keeps files out of a tsconfig: their names in its `exclude`. Undefined where that is not for us to write. */
function exclusion({ path, text, config }: Tsconfig, files: readonly string[]): Insertion | undefined {
  const tree = parseTree(text)
  if (tree?.type !== 'object') return undefined
  const eol = lineEnding(text)
  const names = files.map((file) => shownPath(file, dirname(path)))
  const own = findNodeAtLocation(tree, ['exclude'])
  if (own && own.type !== 'array') return undefined
  if (own) {
    const last = own.children?.at(-1)
    if (!last) return { at: own.offset + 1, text: quoted(names).join(', ') }
    const before = /\n[ \t]*$/.exec(text.slice(own.offset, last.offset))?.[0]
    const separator = before === undefined ? ', ' : `,${eol}${before.slice(1)}`
    return {
      at: last.offset + last.length,
      text: quoted(names)
        .map((name) => separator + name)
        .join(''),
    }
  }
  // Its own list takes the place of the one that it inherits, or that it has by default.
  const others = (config.exclude ?? []).map(withoutDot)
  const modules = others.some((name) => name.includes('node_modules')) ? [] : ['node_modules']
  const list = `"exclude": [${quoted([...modules, ...others, ...names]).join(', ')}]`
  const last = tree.children?.at(-1)
  if (!last) return { at: tree.offset + 1, text: list }
  const indent = /\n[ \t]*$/.exec(text.slice(0, last.offset))?.[0].slice(1)
  return { at: last.offset + last.length, text: indent === undefined ? `, ${list}` : `,${eol}${indent}${list}` }
}

/**
 * A tsconfig for the tasks, where the project's own leaves them out: editors look for one beside the file, and above.
 * Its paths are relative to the tasks.
 */
function tasksTsconfig(project: Tsconfig, { root, tasks, config }: Places): string {
  const { composite, incremental } = project.config.compilerOptions ?? {}
  const up = (path: string) => shownPath(path, tasks)
  const text = {
    extends: up(project.path),
    compilerOptions: {
      noEmit: true,
      // What a project's build makes of its folders is nothing to a check.
      rootDir: up(root),
      ...(composite && { composite: false }),
      ...((composite || incremental) && { incremental: false }),
    },
    include: ['**/*', up(config)],
    exclude: [],
  }
  return `${JSON.stringify(text, null, 2)}\n`
}

function quoted(names: readonly string[]): string[] {
  return names.map((name) => JSON.stringify(name))
}

function withoutDot(path: string): string {
  return path.replace(/^\.\//, '')
}
