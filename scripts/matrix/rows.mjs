import { aliasRows } from './rows/aliases.mjs'
import { clientRows } from './rows/clients.mjs'
import { moduleRows } from './rows/modules.mjs'
import { monorepoRows } from './rows/monorepos.mjs'
import { nodeRows } from './rows/node-versions.mjs'
import { managerRows } from './rows/package-managers.mjs'
import { plainRows } from './rows/plain-javascript.mjs'
import { schemaRows } from './rows/schemas.mjs'

/** Every kind of project, in the order of the table. */
export const ROWS = [
  ...moduleRows,
  ...plainRows,
  ...schemaRows,
  ...clientRows,
  ...aliasRows,
  ...monorepoRows,
  ...managerRows,
  ...nodeRows,
]
