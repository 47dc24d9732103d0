const typescript = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'es6' },
}

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // What Jest puts around globals of a test file that is over calls itself without end, files later (RangeError).
  testEnvironmentOptions: { globalsCleanup: 'off' },
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', typescript] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/.generated/', '<rootDir>/dist/'],
  globalSetup: '<rootDir>/__tests__/support/global-setup.mjs',
  globalTeardown: '<rootDir>/__tests__/support/global-teardown.mjs',
  // For what hangs: a busy machine is no failure.
  testTimeout: 180_000,
  maxWorkers: 2,
  // With nothing open, a worker still takes a second to free its memory; after half of one, Jest says that tests leak.
  workerGracefulExitTimeout: 20_000,
}
