/**
 * What a newcomer's run leaves out: `npm test` with nothing more touches every promise once, in a few minutes. With
 * CI, AFTER_PARTY_TEST_REQUIRE or AFTER_PARTY_TEST_VARIANTS=all, and when a part of the tests is named, all of it runs.
 */
import { test } from '@jest/globals'
import { everyVariant } from './databases/servers.mjs'

/** A test of a promise that another test touches too, from another side. */
export const testAgain: Pick<typeof test, 'each'> & ((...given: Parameters<typeof test>) => void) = everyVariant
  ? test
  : test.skip

/** Of many cases that are alike, as many as show what they have in common. */
export function few<Case>(cases: readonly Case[], count: number): readonly Case[] {
  return everyVariant ? cases : cases.slice(0, count)
}
