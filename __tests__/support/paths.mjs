import path from 'node:path'

/** @param {string[]} parts */
const below = (...parts) => path.join(import.meta.dirname, '..', '..', ...parts)

export const repository = below()
export const generated = below('.generated')
/** The package, unpacked from its own tarball. */
export const unpacked = below('.generated', 'package')
/** A project as a team has it: Prisma, SQLite, migrated and generated, `after-party init` done. */
export const baseProject = below('.generated', 'base-project')
/** Where the tests make their own projects. Inside the repository, so that its packages resolve. */
export const projects = below('.generated', 'projects')
/** What a run of the tests keeps in files; the last part is its id. */
export const runs = below('.generated', 'runs')
export const prismaCli = below('node_modules', 'prisma', 'build', 'index.js')
