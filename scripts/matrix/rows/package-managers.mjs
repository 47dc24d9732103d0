const MODULE = { task: 'a module of `src`' }

/**
 * A task that writes what is wanted only where it runs on this runtime.
 *
 * @param {'bun' | 'deno'} runtime
 */
function on(runtime) {
  return {
    imports: "import { greeting } from '../../src/greeting.js'\n",
    value: `greeting('${runtime}' in process.versions ? 'task' : process.version)`,
  }
}

/**
 * Package managers, and runtimes that are not Node.js.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const managerRows = [
  { ...MODULE, name: 'pnpm', manager: 'pnpm' },
  // It refuses Prisma 7 on Node.js 20, because a dependency of Prisma asks for 22.
  { ...MODULE, name: 'yarn classic', manager: 'yarn classic', node: '22' },
  // On Node.js 20 the Prisma CLI itself doesn't start: Node.js requires one of its ES modules past Yarn's loader.
  { ...MODULE, name: "yarn Plug'n'Play", manager: 'yarn PnP', node: '24' },
  { ...MODULE, name: 'bun, on Node.js', manager: 'bun' },
  { ...MODULE, name: 'bun, on Bun', manager: 'bun', runtime: ['bun', 'x', '--bun', 'after-party'], body: on('bun') },
  {
    ...MODULE,
    name: 'Deno, with node_modules',
    programs: [{ npm: 'deno@2', bin: '.bin/deno', name: 'deno' }],
    runtime: ['deno', 'run', '-A', 'node_modules/after-party/dist/cli/bin.js'],
    body: on('deno'),
  },
]
