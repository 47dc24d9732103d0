/** Where a deploy has its name, platform by platform; the first that is set counts. */
export const DEPLOY_ID_VARIABLES = [
  'AFTER_PARTY_DEPLOY_ID',
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'HEROKU_RELEASE_VERSION',
  'HEROKU_SLUG_COMMIT',
  'RAILWAY_DEPLOYMENT_ID',
  'RENDER_GIT_COMMIT',
  'VERCEL_DEPLOYMENT_ID',
  'VERCEL_GIT_COMMIT_SHA',
  'FLY_IMAGE_REF',
] as const

/** The deploy's id: the flag's, else the environment's. An empty variable counts as not set. */
export function deployIdOf(flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return [flag, ...DEPLOY_ID_VARIABLES.map((name) => env[name])].find((id) => id !== undefined && id !== '')
}
