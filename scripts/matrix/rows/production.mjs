/**
 * What a pruned image has: compiled tasks, and nothing that only development needs.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const productionRows = [
  {
    name: 'Pruned production image',
    task: 'a module of `src`, compiled',
    runArgs: ['--config', 'dist/after-party.config.js'],
    steps: {
      'before deploy': async (project) => {
        await project.exec(['tsc', '--noEmit', 'false', '--outDir', 'dist'])
        await project.run(['npm', 'prune', '--omit=dev', '--no-audit', '--no-fund'])
        for (const gone of ['node_modules/tsx', 'node_modules/esbuild', 'node_modules/@esbuild'])
          await project.remove(gone)
        for (const source of ['src', 'generated', 'after-party.config.ts', 'prisma/after-party', 'tsconfig.json'])
          await project.remove(source)
      },
    },
  },
]
