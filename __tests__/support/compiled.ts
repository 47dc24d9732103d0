import path from 'node:path'
import { execa } from 'execa'
import { repository } from './paths.mjs'

/** What the compiler says of an example. */
export async function compiled(folder: string): Promise<string> {
  const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
  const { all } = await execa(process.execPath, [tsc, '-p', folder, '--noEmit'], { all: true, reject: false })
  return all
}
