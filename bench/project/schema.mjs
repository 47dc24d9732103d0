import { ledgerModels } from '../../dist/project/init/ledger-models.js'

/** The models that the contestants work on; umzug's own is what a Prisma storage needs. @param {'postgresql' | 'mysql' | 'sqlite'} provider */
export function models(provider) {
  return `
model Post {
  id    Int     @id @default(autoincrement())
  title String
  slug  String?
}

model UmzugMigration {
  name String @id
}
${ledgerModels({ provider })}`
}

/** The schema as a team has it. @param {'postgresql' | 'mysql' | 'sqlite'} provider */
export function schema(provider) {
  return `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}

datasource db {
  provider = "${provider}"
}
${models(provider)}`
}
