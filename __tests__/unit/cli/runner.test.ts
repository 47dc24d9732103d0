import { expect, test } from '@jest/globals'
import { asCalled } from '../../../src/cli/runner.js'

test.each([
  ['npm/10.8.2 node/v20.20.2 linux x64', 'Run `npx prisma generate`, then `npx after-party run`.'],
  ['pnpm/10.0.0 npm/? node/v20.20.2 linux x64', 'Run `pnpm prisma generate`, then `pnpm after-party run`.'],
  ['yarn/1.22.22 npm/? node/v20.20.2 linux x64', 'Run `yarn prisma generate`, then `yarn after-party run`.'],
  ['bun/1.2.0 npm/? node/v24.0.0 linux x64', 'Run `bunx prisma generate`, then `bunx after-party run`.'],
  [undefined, 'Run `npx prisma generate`, then `npx after-party run`.'],
])('under %s: %s', (npm_config_user_agent, said) => {
  const text = 'Run `npx prisma generate`, then `npx after-party run`.'
  expect(asCalled(text, { npm_config_user_agent })).toBe(said)
})

test('packages are installed as that package manager does', () => {
  const text = 'Run `npm install prisma@7 @prisma/client@7`.'
  expect(asCalled(text, { npm_config_user_agent: 'pnpm/10' })).toBe('Run `pnpm add prisma@7 @prisma/client@7`.')
})

test('other commands stay as they are', () => {
  expect(asCalled('npx tsc', { npm_config_user_agent: 'pnpm/10' })).toBe('npx tsc')
})
