import { tsconfig } from '../files.mjs'

const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' }
const PATHS = { paths: { '@/*': ['./src/*'] } }

/** @param {string} from */
function importing(from) {
  return { imports: `import { greeting } from '${from}'\n`, value: "greeting('task')" }
}

/**
 * Every way to call a module of the project by another name.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const aliasRows = [
  {
    name: 'Aliases: paths of tsconfig.json',
    task: '`@/greeting`',
    files: { 'tsconfig.json': tsconfig({ ...BUNDLER, ...PATHS }) },
    body: importing('@/greeting'),
  },
  {
    name: 'Aliases: paths, in a CommonJS project',
    task: '`@/greeting`',
    modules: 'cjs',
    files: { 'tsconfig.json': tsconfig({ module: 'commonjs', moduleResolution: 'node10', baseUrl: '.', ...PATHS }) },
    body: importing('@/greeting'),
  },
  {
    name: 'Aliases: baseUrl',
    task: '`greeting`',
    files: { 'tsconfig.json': tsconfig({ ...BUNDLER, baseUrl: './src' }) },
    body: importing('greeting'),
  },
  {
    name: 'Aliases: imports of package.json',
    task: '`#app/greeting`',
    manifest: { imports: { '#app/*': './src/*.ts' } },
    body: importing('#app/greeting'),
  },
  {
    name: 'Aliases: paths of a tsconfig that is extended',
    task: '`@/greeting`',
    files: {
      'config/tsconfig.base.json': tsconfig({ ...BUNDLER, paths: { '@/*': ['../src/*'] } }),
      'tsconfig.json': '{ "extends": "./config/tsconfig.base.json" }\n',
    },
    body: importing('@/greeting'),
  },
  {
    name: 'Aliases: paths of a tsconfig that is referenced',
    task: '`@/greeting`',
    files: {
      'tsconfig.json':
        '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" }] }\n',
      'tsconfig.app.json': tsconfig({ ...BUNDLER, ...PATHS }, { include: ['src'] }),
      'tsconfig.node.json': tsconfig(BUNDLER, { include: ['prisma.config.ts'] }),
    },
    body: importing('@/greeting'),
  },
]
