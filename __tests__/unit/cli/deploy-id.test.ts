import { describe, expect, test } from '@jest/globals'
import { DEPLOY_ID_VARIABLES, deployIdOf } from '../../../src/cli/deploy-id.js'

describe('the deploy id', () => {
  test('is the flag’s, before any variable', () => {
    expect(deployIdOf('flag', { AFTER_PARTY_DEPLOY_ID: 'own', GITHUB_SHA: 'sha' })).toBe('flag')
  })

  test('is our own variable’s, before those of platforms', () => {
    expect(deployIdOf(undefined, { GITHUB_SHA: 'sha', AFTER_PARTY_DEPLOY_ID: 'own' })).toBe('own')
  })

  test.each(DEPLOY_ID_VARIABLES.map((name) => [name]))('is found in %s', (name) => {
    expect(deployIdOf(undefined, { [name]: 'abc' })).toBe('abc')
  })

  test('an empty flag or variable counts as not set', () => {
    expect(deployIdOf('', { AFTER_PARTY_DEPLOY_ID: '', GITHUB_SHA: 'sha' })).toBe('sha')
    expect(deployIdOf(undefined, {})).toBeUndefined()
  })
})
