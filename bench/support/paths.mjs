import path from 'node:path'

export const bench = path.join(import.meta.dirname, '..')
export const repository = path.join(bench, '..')
/** Where the projects are made that the contestants run in. Inside the repository, so that its packages resolve. */
export const generated = path.join(repository, '.generated', 'bench')
