import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { repository } from '../support/paths.mjs'

const read = (file: string) => readFileSync(path.join(repository, file), 'utf8')
const own = JSON.parse(read('package.json')) as { engines: { node: string }; files: string[] }

test('the CI runs on every line of Node.js that the package is for, the oldest of them included', () => {
  const [, list = ''] = /\n {8}node: \[(.+)\]\n/.exec(read('.github/workflows/ci.yml')) ?? []
  const tested = list.split(', ').map((version) => version.replaceAll(/["']/g, ''))
  const lines = own.engines.node.split(' || ').map((range) => range.replace(/^(\^|>=)/, ''))
  expect(tested.map((version) => version.split('.')[0])).toEqual(lines.map((version) => version.split('.')[0]))
  expect(tested[0]).toBe(lines[0])
})

test('CI and release run what `.ci/run` runs, and the release publishes with provenance', () => {
  expect(read('.github/workflows/ci.yml')).toContain('- run: .ci/run\n')
  const release = read('.github/workflows/release.yml')
  expect(release.indexOf('npm publish --provenance')).toBeGreaterThan(release.indexOf('- run: .ci/run\n'))
  expect(release).toContain('id-token: write')
})
