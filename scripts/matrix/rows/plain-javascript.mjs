import { prismaConfig } from '../files.mjs'

/** Nothing of TypeScript: not installed, no tsconfig.json, no `.ts` file. */
const PLAIN = {
  plain: true,
  generator: /** @type {const} */ ('prisma-client-js'),
  task: 'a module of `src`',
  files: { 'prisma.config.ts': null, 'prisma.config.mjs': prismaConfig({}) },
}

/** @type {import('../row.mjs').Row[]} */
export const plainRows = [
  { ...PLAIN, name: 'Plain JavaScript, ESM' },
  { ...PLAIN, name: 'Plain JavaScript, CommonJS', modules: 'cjs' },
]
