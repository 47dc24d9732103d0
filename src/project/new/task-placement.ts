import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { DEFAULT_TASKS } from '../../define/config.js'
import { AfterPartyError } from '../../define/errors.js'
import { findConfigFile, loadConfig } from '../config-file.js'
import type { Loader } from '../loader.js'
import type { TaskExtension } from './new-task.js'

/** Where a new task goes, and from which template it is made. */
export interface TaskPlacement {
  /** The config file, absolute. */
  config: string
  tasksDir: string
  templatesDir?: string
  extension: TaskExtension
  /** Why the config could not be loaded, when it was only read as text. */
  unloaded?: AfterPartyError
}

/**
 * Where new tasks go. Writing a file needs no database: a config that throws here, because a variable is not
 * set on this machine, is read as text instead.
 */
export async function findTaskPlacement(loader: Loader, cwd: string, explicit?: string): Promise<TaskPlacement> {
  try {
    const config = await loadConfig(loader, cwd, explicit)
    return placement(config.file, config.tasks, config.templates)
  } catch (error) {
    const file = explicit === undefined ? findConfigFile(cwd) : path.resolve(cwd, explicit)
    const unreadable = !(error instanceof AfterPartyError) || error.code !== 'config-invalid' || file === undefined
    if (unreadable) throw error
    const text = await readFile(file, 'utf8')
    return {
      ...placement(file, literal(text, 'tasks') ?? DEFAULT_TASKS, literal(text, 'templates')),
      unloaded: error,
    }
  }
}

function placement(file: string, tasks: string, templates: string | undefined): TaskPlacement {
  const root = path.dirname(file)
  const extension = /\.[cm]?ts$/.test(file) ? 'ts' : file.endsWith('.js') ? 'js' : 'mjs'
  const templatesDir = templates === undefined ? {} : { templatesDir: path.resolve(root, templates) }
  return { config: file, tasksDir: path.resolve(root, tasks), extension, ...templatesDir }
}

function literal(text: string, key: string): string | undefined {
  return new RegExp(`\\b${key}:\\s*(['"\`])([^'"\`]+)\\1`).exec(text)?.[2]
}
