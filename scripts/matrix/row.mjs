/**
 * One kind of project: what differs from the ordinary one (files.mjs), as data.
 *
 * @typedef {object} Row
 * @property {string} name As `--only` finds it, and as the table shows it.
 * @property {string} task What the task of this kind imports, for the table.
 * @property {6 | 7} [prisma] 7 unless it says otherwise.
 * @property {'sqlite' | 'postgresql'} [database] SQLite unless it says otherwise.
 * @property {import('./managers.mjs').ManagerName} [manager] npm unless it says otherwise.
 * @property {string} [node] A version of Node.js from npm; the one that runs this script unless it says otherwise.
 * @property {{ npm: string, bin: string, name: string }[]} [programs] More programs from npm: package, path in
 *   `node_modules`, name.
 * @property {'esm' | 'cjs'} [modules] ES modules unless it says otherwise.
 * @property {'prisma-client' | 'prisma-client-js'} [generator] `prisma-client` unless it says otherwise.
 * @property {string} [folder] The package with the schema and the client: '.' unless it says otherwise.
 * @property {string} [from] Where the deploy runs, if not in `folder`.
 * @property {string[]} [installIn] The packages that After Party is added to: `folder` unless it says otherwise.
 * @property {Record<string, string>} [packages] More dependencies, with their versions. An empty version removes one.
 * @property {Record<string, unknown>} [manifest] More of package.json.
 * @property {Record<string, string | null>} [files] More files, or other ones, by path; null removes one.
 * @property {string} [databaseFile] Its SQLite file, from `folder`: `dev.db` unless it says otherwise.
 * @property {string} [schemaOfNotes] The database schema of the table that the task writes.
 * @property {string[]} [initArgs]
 * @property {string[]} [runArgs] Of `run` and `status`.
 * @property {Record<string, string>} [runEnv] For `run` and `status`.
 * @property {Record<string, string>} [env] For every command.
 * @property {RegExp[]} [warnings] What `init` has to warn of. Nothing unless it says otherwise.
 * @property {{ imports: string, value: string, text?: string }} [body] What the task
 *   imports, and the expression that it writes into the database; the row that has to be there if not `hello`.
 * @property {string | undefined} [types] The tsconfig that checks the tasks, where that is not found out by `findTypes`.
 * @property {boolean} [plain] Without TypeScript: nothing is type-checked.
 * @property {string[] | undefined} [runtime] The program and arguments that run `after-party`, if not the manager.
 * @property {() => string | undefined} [skip] Why it can't be tried on this machine.
 * @property {Partial<Record<Moment, (project: import('./project.mjs').Project) => Promise<void>>>} [steps] Steps of its own.
 */

/** @typedef {'before init' | 'after init' | 'before deploy' | 'at the end'} Moment */

/**
 * What came of a row.
 *
 * @typedef {object} Result
 * @property {Row} row
 * @property {'passed' | 'failed' | 'skipped'} outcome
 * @property {string} reason Why it is not passed; empty if it is.
 * @property {string} output Of the command that failed.
 * @property {string} command The deploy, as it was run.
 * @property {string} versions
 * @property {number} seconds
 */

/** @param {Row} row */
export function folderOf(row) {
  return row.folder ?? '.'
}
