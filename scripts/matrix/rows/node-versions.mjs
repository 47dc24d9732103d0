/** The oldest version that the package takes, and the newest, of each major one. */
const VERSIONS = ['20.19.0', '20', '22.12.0', '22', '24', '26']

/** @type {import('../row.mjs').Row[]} */
export const nodeRows = VERSIONS.flatMap((node) =>
  /** @type {const} */ (['esm', 'cjs']).map((modules) => ({
    name: `Node.js ${node}, ${modules === 'esm' ? 'ESM' : 'CommonJS'}`,
    task: 'a module of `src`',
    node,
    modules,
    skip: () => (process.platform === 'win32' ? 'Node.js from npm is only tried on Linux and macOS' : undefined),
  })),
)
