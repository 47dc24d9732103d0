/**
 * Bundles the public faces for `require`: Jest in CommonJS mode can't load an ES module, and some of our
 * dependencies are nothing else. Those are taken in; the others are required as usual. The types are those of the
 * ES modules, so that a client is registered once for both.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const FACES = ['index', 'testing', 'queue/pg-boss', 'queue/bullmq']
const ESM_ONLY = ['p-retry', 'superjson']

const root = fileURLToPath(new URL('..', import.meta.url))
const { dependencies, peerDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

await build({
  absWorkingDir: root,
  entryPoints: FACES.map((face) => `src/${face}.ts`),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outdir: 'dist/cjs',
  outbase: 'src',
  outExtension: { '.js': '.cjs' },
  external: Object.keys({ ...dependencies, ...peerDependencies })
    .filter((name) => !ESM_ONLY.includes(name))
    .flatMap((name) => [name, `${name}/*`]),
  logLevel: 'warning',
})

for (const face of FACES) writeFileSync(`${root}/dist/cjs/${face}.d.cts`, await typesOf(face))

/**
 * Names the types of an ES module for CommonJS. "export * from" would do under `nodenext`; `node16` has it that nothing
 * but a type may be taken from an ES module, so each value is declared by its type.
 *
 * @param {string} face
 */
async function typesOf(face) {
  const mode = `with { 'resolution-mode': 'import' }`
  const from = `${'../'.repeat(face.split('/').length)}${face}.js`
  const module = `import('${from}', { ${mode.replace('with', 'with:')} })`
  const values = Object.entries(await import(`../dist/${face}.js`))
  const lines = values.flatMap(([name, value]) => [
    `export declare const ${name}: typeof ${module}.${name}`,
    ...(String(value).startsWith('class') ? [`export type ${name} = ${module}.${name}`] : []),
  ])
  return [`export type * from '${from}' ${mode}`, ...lines, ''].join('\n')
}
