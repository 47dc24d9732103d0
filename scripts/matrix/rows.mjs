import { aliasRows } from './rows/aliases.mjs'
import { clientRows } from './rows/clients.mjs'
import { moduleRows } from './rows/modules.mjs'
import { monorepoRows } from './rows/monorepos.mjs'
import { nestRows } from './rows/nest.mjs'
import { nextRows } from './rows/next.mjs'
import { nodeRows } from './rows/node-versions.mjs'
import { managerRows } from './rows/package-managers.mjs'
import { plainRows } from './rows/plain-javascript.mjs'
import { productionRows } from './rows/production.mjs'
import { schemaRows } from './rows/schemas.mjs'

/** Every kind of project, in the order of the table. */
export const ROWS = [
  ...moduleRows,
  ...plainRows,
  ...schemaRows,
  ...clientRows,
  ...aliasRows,
  ...monorepoRows,
  ...nextRows,
  ...nestRows,
  ...productionRows,
  ...managerRows,
  ...nodeRows,
]
