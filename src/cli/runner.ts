import { INSTALL, isPackageManager, RUN } from '../project/package-manager.js'

/**
 * A text of ours with the commands in it as the package manager runs them that this one was called by.
 *
 * @example asCalled('Run `npx after-party status`.', { npm_config_user_agent: 'pnpm/10.0.0 …' }) // 'Run `pnpm after-party status`.'
 */
export function asCalled(text: string, env: NodeJS.ProcessEnv = process.env): string {
  const manager = /^\w+/.exec(env.npm_config_user_agent ?? '')?.[0]
  if (!isPackageManager(manager)) return text
  return text
    .replace(/\bnpx (?=(?:after-party|prisma|vitest|jest)\b)/g, `${RUN[manager]} `)
    .replace(/\bnpm install (?=[\w@])/g, `${INSTALL[manager]} `)
}
