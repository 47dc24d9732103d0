interface Query {
  where?: object
  take?: number
}

/**
 * All rows that a query finds. A client whose reads are `bent`, by an extension that gives so many rows at most, is
 * asked for the others until it gives none: a record that is left out is a task that seems never to have run.
 */
export async function readAll<Row extends object>(
  find: (query: Query) => Promise<Row[]>,
  query: Query,
  { key, bent }: { key: keyof Row & string; bent: boolean },
): Promise<Row[]> {
  const rows = await find(query)
  if (!bent) return rows
  const { where = {}, take } = query
  const known = new Map(rows.map((row) => [row[key], row]))
  for (let before = 0; known.size > before && known.size < (take ?? Number.POSITIVE_INFINITY); ) {
    before = known.size
    const others = { AND: [where, { [key]: { notIn: [...known.keys()] } }] }
    const more = await find({ ...query, where: others, ...(take !== undefined && { take: take - known.size }) })
    for (const row of more) known.set(row[key], row)
  }
  return [...known.values()]
}
