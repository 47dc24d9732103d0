/**
 * Bundles the two public faces for `require`: Jest in CommonJS mode can't load an ES module, and some of our
 * dependencies are nothing else. Those are taken in; the others are required as usual. The types are those of the
 * ES modules.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const FACES = ['index', 'testing']
const ESM_ONLY = ['p-retry', 'superjson']

const root = fileURLToPath(new URL('..', import.meta.url))
const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

await build({
  absWorkingDir: root,
  entryPoints: FACES.map((face) => `src/${face}.ts`),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outdir: 'dist/cjs',
  outExtension: { '.js': '.cjs' },
  external: Object.keys(dependencies)
    .filter((name) => !ESM_ONLY.includes(name))
    .flatMap((name) => [name, `${name}/*`]),
  logLevel: 'warning',
})

for (const face of FACES) writeFileSync(`${root}/dist/cjs/${face}.d.cts`, `export * from '../${face}.js'\n`)
