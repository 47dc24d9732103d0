import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

const TASKS = "import { defineTask } from 'after-party'\n\nexport default defineTask({ async run() {} })\n"
const MIGRATIONS = 'export const up = async () => {}\n'

/**
 * Makes as many files that do nothing, as each tool wants them. Paths are relative to the project.
 *
 * @param {string} project
 * @param {number} count
 */
export async function makeTaskFiles(project, count) {
  const made = { tasks: `tasks-${count}`, migrations: `migrations-${count}` }
  for (const [directory, text] of [
    [made.tasks, TASKS],
    [made.migrations, MIGRATIONS],
  ]) {
    await rm(path.join(project, directory), { recursive: true, force: true })
    await mkdir(path.join(project, directory))
    for (let i = 0; i < count; i += 1) {
      const version = new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString().replace(/\D/g, '').slice(0, 14)
      await writeFile(path.join(project, directory, `${version}_task_${i}.ts`), text)
    }
  }
  return made
}
