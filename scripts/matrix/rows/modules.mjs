/** Both major versions of Prisma, both kinds of modules, both generators. */
const COMBINATIONS = /** @type {const} */ ([7, 6]).flatMap((prisma) =>
  /** @type {const} */ (['esm', 'cjs']).flatMap((modules) =>
    /** @type {const} */ (['prisma-client', 'prisma-client-js']).map((generator) => ({ prisma, modules, generator })),
  ),
)

/** @type {import('../row.mjs').Row[]} */
export const moduleRows = [
  ...COMBINATIONS.map(({ prisma, modules, generator }) => ({
    name: `Prisma ${prisma}, ${modules === 'esm' ? 'ESM' : 'CommonJS'}, ${generator}`,
    task: 'a module of `src`',
    prisma,
    modules,
    generator,
  })),
]
