import { describe, expect, test } from '@jest/globals'
import { envCallsOf, pathsInConfigText, withoutJsComments } from '../../../../src/project/schema/prisma-config.js'

describe('a Prisma config that can not be loaded', () => {
  test('still tells its paths when they are written in plain words', () => {
    const text = `
      // schema: 'commented.prisma'
      export default defineConfig({
        schema: "db/schema", /* migrations: { path: 'no' } */
        migrations: { seed: 'tsx seed.ts', path: 'db/migrations' },
        datasource: { url: env('URL') },
      })`
    expect(pathsInConfigText(text)).toEqual({ schema: 'db/schema', migrations: 'db/migrations' })
  })

  test('tells paths that are joined of words', () => {
    expect(
      pathsInConfigText(`schema: path.join('db', 'schema.prisma'), migrations: { path: path.join("db", "m") }`),
    ).toEqual({ schema: 'db/schema.prisma', migrations: 'db/m' })
  })

  test('tells nothing that it does not say', () => {
    expect(pathsInConfigText('schema: schemaPath, migrations: {}')).toEqual({
      schema: undefined,
      migrations: undefined,
    })
  })

  test('tells the variables that it can not do without', () => {
    expect(envCallsOf(`env('A') + env<Env>("B") + process.env.C // env('D')\n env('A')`)).toEqual(['A', 'B'])
  })
})

test('slashes in strings are no comments', () => {
  expect(withoutJsComments(`a('http://x') // b\n"/*" + \`//\` /* c */`)).toBe(`a('http://x')  \n"/*" + \`//\`  `)
})
