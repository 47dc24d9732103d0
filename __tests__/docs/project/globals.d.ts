/** What the examples in README.md and docs/ use without saying where it comes from. */

declare global {
  const party: import('after-party').AfterParty
  function slugify(title: string): string
  function replicaLagMs(prisma: object): Promise<number>
  function readOldCustomers(): Promise<{ email: string; name: string }[]>
  function sendMail(to: string, text: string): Promise<void>
  /** As docs/json.md has it, which json.test.ts compares. */
  interface StatusJson {
    tasks: object[]
  }
  const test: typeof import('@jest/globals').test
  const expect: typeof import('@jest/globals').expect
}

export {}
