import { datasource, generator, MODELS, prismaConfig } from '../files.mjs'

const SCHEMAS = `datasource db {
  provider = "postgresql"
  schemas  = ["app", "audit"]
}
`

/**
 * Schemas of other shapes, and PostgreSQL.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const schemaRows = [
  {
    name: 'Schema folder, several files',
    task: 'a module of `src`',
    files: {
      'prisma/schema.prisma': null,
      'prisma/schema/schema.prisma': `${generator({}, '../../generated/prisma')}\n${datasource({})}`,
      'prisma/schema/note.prisma': MODELS,
      'prisma.config.ts': prismaConfig({}, 'prisma/schema'),
    },
  },
  { name: 'PostgreSQL', task: 'a module of `src`', database: 'postgresql' },
  {
    name: 'PostgreSQL, several database schemas',
    task: 'a module of `src`',
    database: 'postgresql',
    schemaOfNotes: 'app',
    files: {
      'prisma/schema.prisma': `${generator({})}\n${SCHEMAS}\n${MODELS.replace(/}\n$/, '\n  @@schema("app")\n}\n')}`,
    },
  },
]
