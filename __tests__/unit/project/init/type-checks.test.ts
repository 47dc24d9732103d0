import { expect, test } from '@jest/globals'
import { buildConfigNames } from '../../../../src/project/init/type-checks.js'

const both = (name: string) => ['tsconfig.json', 'tsconfig.build.json'].includes(name)
const all = () => true

test.each([
  ['nest build', ['tsconfig.build.json']],
  ['tsc', ['tsconfig.json']],
  ['rimraf dist && tsc -p tsconfig.build.json && tsc-alias', ['tsconfig.build.json']],
  ['tsc --project ./tsconfig.build.json', ['tsconfig.build.json']],
  ['tsc -b packages/app', ['packages/app/tsconfig.json']],
  ['nest build --path tsconfig.build.json; tsc', ['tsconfig.build.json', 'tsconfig.json']],
])('a script that is `%s` builds by %j', (build, names) => {
  expect(buildConfigNames({ build }, all)).toEqual({ names, sure: true })
})

test.each(['next build', 'tsc --noEmit', 'tsc-watch', 'vite build', 'echo tsconfig'])(
  'of `%s` nobody knows by which it builds, if by one at all',
  (build) => {
    expect(buildConfigNames({ build }, both)).toEqual({ names: ['tsconfig.build.json'], sure: false })
    expect(buildConfigNames({ build }, (name) => name === 'tsconfig.json')).toEqual({
      names: ['tsconfig.json'],
      sure: false,
    })
  },
)

test('a file that a script names and that is not there is none', () => {
  expect(buildConfigNames({ build: 'tsc -p other.json' }, both)).toEqual({ names: [], sure: true })
})
