import path from 'node:path'
import { buildId } from './build-id.mjs'

/** @param {string[]} parts */
const below = (...parts) => path.join(import.meta.dirname, '..', '..', ...parts)

export const repository = below()
export const generated = below('.generated')
/** What is made of the package as it is now, for all tests; the last part is its id. */
export const builds = below('.generated', 'builds')
export const build = path.join(builds, buildId())
/** The package, unpacked from its own tarball. */
export const unpacked = path.join(build, 'package')
/** A project as a team has it: Prisma, SQLite, migrated and generated, `after-party init` done. */
export const baseProject = path.join(build, 'base-project')
/** Projects on the variants of databases.ts, kept as long as what they are made of stays the same. */
export const stacks = below('.generated', 'stacks')
/** Where the tests make their own projects. Inside the repository, so that its packages resolve. */
export const projects = below('.generated', 'projects')
/** What a run of the tests keeps in files; the last part is its id. */
export const runs = below('.generated', 'runs')
export const prismaCli = below('node_modules', 'prisma', 'build', 'index.js')
