/**
 * How each package manager installs, adds a package and runs a program of the project: what its users type.
 *
 * @typedef {object} Manager
 * @property {string} [npm] The package that holds it, where it doesn't come with Node.js.
 * @property {string} [bin] Its program in that package, from `node_modules`.
 * @property {string[]} install
 * @property {(tarball: string) => string[]} add
 * @property {string[]} exec
 * @property {Record<string, string>} [files] Files of the project that are there for the manager.
 * @property {Record<string, string>} [env] For every command.
 * @property {boolean} [notCopied] What it installs holds absolute paths, so no two projects can share it.
 *
 * @typedef {keyof typeof MANAGERS} ManagerName
 */

const npm = ['npm', '--no-audit', '--no-fund', '--no-update-notifier']

export const MANAGERS = {
  npm: /** @type {Manager} */ ({
    install: [...npm, 'install'],
    add: (tarball) => [...npm, 'install', tarball],
    exec: ['npx'],
  }),
  pnpm: /** @type {Manager} */ ({
    npm: 'pnpm@10',
    bin: '.bin/pnpm',
    install: ['pnpm', 'install'],
    add: (tarball) => ['pnpm', 'add', tarball],
    exec: ['pnpm', 'exec'],
  }),
  'yarn classic': /** @type {Manager} */ ({
    npm: 'yarn@1',
    bin: '.bin/yarn',
    install: ['yarn', 'install', '--no-progress'],
    add: (tarball) => ['yarn', 'add', '--no-progress', `file:${tarball}`],
    exec: ['yarn', '--silent'],
  }),
  'yarn PnP': /** @type {Manager} */ ({
    npm: '@yarnpkg/cli-dist@4',
    bin: '@yarnpkg/cli-dist/bin/yarn.js',
    install: ['yarn', 'install'],
    add: (tarball) => ['yarn', 'add', `after-party@file:${tarball}`],
    exec: ['yarn'],
    files: { '.yarnrc.yml': 'enableTelemetry: false\nnodeLinker: pnp\n', 'yarn.lock': '' },
    notCopied: true,
  }),
  bun: /** @type {Manager} */ ({
    npm: 'bun@1',
    bin: '.bin/bun',
    install: ['bun', 'install'],
    add: (tarball) => ['bun', 'add', tarball],
    exec: ['bun', 'x', '--no-install'],
  }),
}
