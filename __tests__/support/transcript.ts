import { steady } from '../docs/steady.js'
import type { Project } from './project.js'

/**
 * Types a line as a person would, `npx prisma migrate deploy && npx after-party run`: until a command doesn't end with
 * 0. What After Party said and the last exit code, the same at every time. What Prisma says is Prisma's: only when it
 * fails is it told.
 */
export async function type(project: Project, line: string): Promise<{ code: number | undefined; said: string }> {
  let said = ''
  let code: number | undefined
  for (const command of line.split(' && ')) {
    const [program, ...args] = command.replace('npx ', '').split(' ')
    const ran = await (program === 'prisma' ? project.prisma(...args) : project.afterParty(...args))
    code = ran.code
    if (program === 'after-party' || code !== 0) said += `${ran.stdout}\n${ran.stderr}\n`
    if (code !== 0) break
  }
  return { code, said: steady(said) }
}
