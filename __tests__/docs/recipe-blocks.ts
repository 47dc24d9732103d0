import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { SourceTextModule } from 'node:vm'
import { loadPrism } from '@ruby/prism'
import { validate } from 'dockerfile-utils'
import { execa } from 'execa'
import { parse as parseToml } from 'smol-toml'
import { parseAllDocuments } from 'yaml'
import { generated } from '../support/paths.mjs'
import { listedCommands, shellCommands } from './command-lines.js'
import type { Block } from './pages.js'

/** What one block of a recipe is, read by a parser of its kind, which throws if it is wrong. */
export interface Parsed {
  /** The value of a file of data; of other files what they export, or nothing. */
  value?: unknown
  /** The commands of this package in it. */
  commands: string[][]
}

type Parser = (block: Block) => Parsed | Promise<Parsed>

const PARSERS: Record<string, Parser> = {
  yaml: ({ text }) => data(parseYaml(text)),
  toml: ({ text }) => data(parseToml(text)),
  json: ({ text }) => data(JSON.parse(text) as unknown),
  dockerfile: parseDockerfile,
  js: parseJavaScript,
  // Compiled with all others, in snippets.test.ts.
  ts: ({ text }) => ({ commands: scriptsIn(text).flatMap(shellCommands) }),
  sh: parseShell,
  ruby: parseRuby,
  text: parseText,
}

export async function parseBlock(block: Block): Promise<Parsed> {
  const parser = PARSERS[block.language]
  if (!parser) throw new Error(`no parser for ${block.language}`)
  return parser(block)
}

function data(value: unknown): Parsed {
  return { value, commands: commandsIn(value) }
}

/** The commands in the strings and lists of a value. A name alone is none. */
function commandsIn(value: unknown): string[][] {
  if (typeof value === 'string') return value.includes(' ') ? shellCommands(value) : []
  if (Array.isArray(value) && value.length > 1 && value.every((item) => typeof item === 'string'))
    return listedCommands(value)
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(commandsIn)
}

function parseYaml(text: string): unknown {
  const [document, ...more] = parseAllDocuments(text)
  if (!document || more.length > 0) throw new Error('not one document')
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw fault
  return document.toJS()
}

/** A part of a Dockerfile has no `FROM`, and no title. */
function parseDockerfile({ title, text }: Block): Parsed {
  const faults = validate(title === undefined ? `FROM scratch\n${text}` : text)
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'))
  const instructions = text.replaceAll('\\\n', ' ').split('\n')
  const stages = instructions.flatMap((line) => /^FROM \S+ AS (\S+)$/.exec(line)?.slice(1) ?? [])
  const from = instructions.flatMap((line) => /^COPY --from=(\S+)/.exec(line)?.slice(1) ?? [])
  const missing = from.filter((stage) => !stages.includes(stage))
  if (missing.length > 0) throw new Error(`no such stage: ${missing.join(', ')}`)
  // The exec form, so that no shell is in front that nobody sees.
  const commands = instructions.filter((line) => line.startsWith('CMD ')).map((line) => JSON.parse(line.slice(4)))
  return { value: instructions, commands: commands.flatMap(listedCommands) }
}

async function parseJavaScript({ title, text }: Block): Promise<Parsed> {
  new SourceTextModule(text)
  const commands = scriptsIn(text).flatMap(shellCommands)
  if (title === undefined || !text.startsWith('module.exports')) return { commands }
  const file = path.join(generated, 'docs', 'recipes', `${path.parse(title).name}.cjs`)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
  return { value: createRequire(import.meta.url)(file) as unknown, commands }
}

/** The literals that are more than a name. */
function scriptsIn(text: string): string[] {
  return literals(text).filter((literal) => literal.includes(' '))
}

function literals(text: string): string[] {
  return [...text.matchAll(/'([^'\n]*)'|`([^`]*)`/g)].map(([, quoted, template]) => quoted ?? template ?? '')
}

/** With the shell of this machine; Windows has none. */
async function parseShell({ text }: Block): Promise<Parsed> {
  if (process.platform !== 'win32') await execa('sh', ['-n'], { input: text })
  return { commands: shellCommands(text) }
}

/** With Ruby's own parser, as WebAssembly. */
async function parseRuby({ text }: Block): Promise<Parsed> {
  const { errors } = (await loadPrism())(text)
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  const executed = [...text.matchAll(/^ *execute (.+)$/gm)].map(([, words = '']) => literals(words))
  return { commands: executed.flatMap(listedCommands) }
}

function parseText({ title, text }: Block): Parsed {
  if (title === 'Procfile') return data(parseProcfile(text))
  return title?.endsWith('.service') ? data(parseUnit(text)) : { commands: [] }
}

/** A unit of systemd, by section. */
function parseUnit(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {}
  let section: Record<string, string> | undefined
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, name, key, value] = /^\[(\w+)\]$|^([A-Za-z]+)=(\S.*)$/.exec(line) ?? []
    if (name !== undefined) {
      section = {}
      sections[name] = section
    } else if (section && key !== undefined && value !== undefined) section[key] = value
    else throw new Error(`not a line of a unit: ${line}`)
  }
  return sections
}

function parseProcfile(text: string): Record<string, string> {
  const entries = text.split('\n').map((line) => {
    const [, name, command] = /^([A-Za-z0-9_-]+): (\S.*)$/.exec(line) ?? []
    if (name === undefined || command === undefined) throw new Error(`not a line of a Procfile: ${line}`)
    return [name, command]
  })
  return Object.fromEntries(entries) as Record<string, string>
}
