import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { clientSpecifier } from '../../../../src/project/init/client-setup.js'
import { readClientExport } from '../../../../src/project/init/existing-client.js'
import type { ImportStyle } from '../../../../src/project/prisma-project.js'

const ROOT = resolve('/app')

function specifier(
  generator: { provider: string; output?: string; extension?: string },
  style: ImportStyle,
  esm = true,
): string {
  return clientSpecifier(
    ROOT,
    {
      provider: generator.provider,
      output: generator.output,
      engineType: undefined,
      previewFeatures: [],
      generatedFileExtension: generator.extension,
      file: join(ROOT, 'prisma', 'schema.prisma'),
    },
    style,
    esm,
  )
}

describe('where the client is imported from', () => {
  test.each<[string, string | undefined, ImportStyle, boolean, string]>([
    ['prisma-client', '../src/generated/prisma', 'none', true, './src/generated/prisma/client'],
    ['prisma-client', '../src/generated/prisma', 'js', true, './src/generated/prisma/client.js'],
    ['prisma-client', '../src/generated/prisma', 'real', true, './src/generated/prisma/client.ts'],
    ['prisma-client', './generated', 'none', false, './prisma/generated/client'],
    ['prisma-client', '../../shared/client', 'js', true, '../shared/client/client.js'],
    ['prisma-client-js', undefined, 'js', true, '@prisma/client'],
    ['prisma-client-js', '../generated/prisma', 'none', false, './generated/prisma'],
    ['prisma-client-js', '../generated/prisma', 'none', true, './generated/prisma/index.js'],
    ['prisma-client-js', '../generated/prisma', 'real', false, './generated/prisma/index.js'],
    ['prisma-client-js', '../node_modules/.prisma/client', 'js', true, '@prisma/client'],
    ['prisma-client-js', '../node_modules/@team/client', 'js', true, '@team/client'],
  ])('%s with the output %s (%s, ESM %s) is %s', (provider, output, style, esm, expected) => {
    expect(specifier({ provider, ...(output !== undefined && { output }) }, style, esm)).toBe(expected)
  })

  test('a client of .mts files is imported as .mjs', () => {
    const generator = { provider: 'prisma-client', output: '../g', extension: 'mts' }
    expect(specifier(generator, 'none')).toBe('./g/client.mjs')
    expect(specifier(generator, 'real')).toBe('./g/client.mts')
  })
})

describe("the project's own client module", () => {
  test.each<[string, string, ReturnType<typeof readClientExport>]>([
    [
      'a function',
      `export function createPrismaClient() {\n  return new PrismaClient({ adapter })\n}`,
      { kind: 'factory', name: 'createPrismaClient', isDefault: false },
    ],
    [
      'an arrow function',
      `export const makeClient = (): PrismaClient => new PrismaClient()`,
      { kind: 'factory', name: 'makeClient', isDefault: false },
    ],
    [
      'a function exported by name',
      `function makeClient(url = process.env.URL) {\n  return new PrismaClient()\n}\n\nexport { makeClient as createDb }`,
      { kind: 'factory', name: 'createDb', isDefault: false },
    ],
    [
      'a function beside the instance that it made',
      `export const prisma = createClient()\n\nexport function createClient() {\n  return new PrismaClient()\n}`,
      { kind: 'factory', name: 'createClient', isDefault: false },
    ],
    [
      'a function that remembers its client',
      `let client\nexport function getPrisma() {\n  if (!client) client = new PrismaClient()\n  return client\n}`,
      { kind: 'getter', name: 'getPrisma', isDefault: false },
    ],
    [
      'an instance',
      `import { PrismaClient } from '@prisma/client'\n\nexport const prisma = new PrismaClient()`,
      { kind: 'instance', name: 'prisma', isDefault: false },
    ],
    [
      'an instance kept over reloads',
      `const globalForPrisma = globalThis as unknown as { prisma: PrismaClient }\r\n\r\nexport const db =\r\n  globalForPrisma.prisma ??\r\n  new PrismaClient({ log: ['query'] })\r\n\r\nif (process.env.NODE_ENV !== 'production') globalForPrisma.prisma = db\r\n`,
      { kind: 'instance', name: 'db', isDefault: false },
    ],
    [
      'a singleton made by a private function',
      `const prismaClientSingleton = () => {\n  return new PrismaClient()\n}\n\ndeclare const globalThis: {\n  prismaGlobal: ReturnType<typeof prismaClientSingleton>\n} & typeof global\n\nconst prisma = globalThis.prismaGlobal ?? prismaClientSingleton()\n\nexport default prisma\n`,
      { kind: 'instance', name: 'prisma', isDefault: true },
    ],
    [
      'an extended instance',
      `const base = new PrismaClient()\nexport const prisma = base.$extends({ model: {} })`,
      { kind: 'instance', name: 'prisma', isDefault: false },
    ],
    [
      'an instance exported by another name',
      `const prisma = new PrismaClient()\nexport { prisma as db }`,
      { kind: 'instance', name: 'db', isDefault: false },
    ],
    [
      'several, by the name that everybody gives it',
      `export const readOnlyDb = new PrismaClient()\nexport const prisma = new PrismaClient()`,
      { kind: 'instance', name: 'prisma', isDefault: false },
    ],
    [
      'a function that React remembers',
      `export const getDb = cache(() => new PrismaClient())`,
      { kind: 'getter', name: 'getDb', isDefault: false },
    ],
    [
      'an instance that a helper keeps over reloads',
      `export const prisma = remember('prisma', () => new PrismaClient())`,
      { kind: 'instance', name: 'prisma', isDefault: false },
    ],
    ['a nameless default', `export default new PrismaClient()`, { kind: 'instance', name: 'prisma', isDefault: true }],
    [
      'a CommonJS object',
      `const prisma = new PrismaClient()\nmodule.exports = { db: prisma }`,
      { kind: 'instance', name: 'db', isDefault: false },
    ],
    [
      'a CommonJS export',
      `const prisma = new PrismaClient()\nmodule.exports = prisma`,
      { kind: 'instance', name: 'prisma', isDefault: true },
    ],
    [
      'a CommonJS property',
      `exports.prisma = new PrismaClient()`,
      { kind: 'instance', name: 'prisma', isDefault: false },
    ],
  ])('is used when it exports %s', (_, text, expected) => {
    expect(readClientExport(text)).toEqual(expected)
  })

  test.each([
    ['makes no client', `export const prisma = createMock()`],
    ['is for a framework alone', `import 'server-only'\nexport const prisma = new PrismaClient()`],
    ['reads what a bundler puts in', `export const prisma = new PrismaClient(import.meta.env.URL)`],
    ['exports no client', `const prisma = new PrismaClient()\nexport const posts = () => prisma.post.findMany()`],
    ['exports what uses a client', `export const auth = betterAuth({ db: new PrismaClient() })`],
    [
      'makes clients that have to be waited for',
      `export async function createClient() {\n  return new PrismaClient()\n}`,
    ],
    ['makes clients from something given', `export const createClient = (url: string) => new PrismaClient({ url })`],
    [
      'is a plugin of a server',
      `const prismaPlugin = fp(async (server) => {\n  server.decorate('prisma', new PrismaClient())\n})\nexport default prismaPlugin`,
    ],
    ['says it in a comment', `// new PrismaClient()\nexport const prisma = 1`],
  ])('is not used when it %s', (_, text) => {
    expect(readClientExport(text)).toBeUndefined()
  })
})
