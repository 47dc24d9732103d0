import { client } from '../client.js'
import type { Contestant, Job } from './contestants.js'
import { slugOf } from './slug.js'

interface Row {
  id: number
  title: string
}

interface Sql {
  select: string
  update: string
  parameters(rows: { id: number; slug: string }[]): unknown[]
}

const json = (rows: { id: number; slug: string }[]) => [JSON.stringify(rows.map(({ id, slug }) => [id, slug]))]

/** The fastest statement that we know for each database. */
const SQL: Record<Job['provider'], Sql> = {
  postgresql: {
    select: 'SELECT id, title FROM "Post" WHERE slug IS NULL AND id > $1 ORDER BY id LIMIT $2',
    update: 'UPDATE "Post" AS t SET slug = v.slug FROM unnest($1::int[], $2::text[]) AS v(id, slug) WHERE t.id = v.id',
    parameters: (rows) => [rows.map(({ id }) => id), rows.map(({ slug }) => slug)],
  },
  mysql: {
    select: 'SELECT id, title FROM Post WHERE slug IS NULL AND id > ? ORDER BY id LIMIT ?',
    update:
      "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id INT PATH '$[0]', slug VARCHAR(191) PATH '$[1]')) AS v STRAIGHT_JOIN Post AS t ON t.id = v.id SET t.slug = v.slug",
    parameters: json,
  },
  sqlite: {
    select: 'SELECT id, title FROM Post WHERE slug IS NULL AND id > ? ORDER BY id LIMIT ?',
    update: 'UPDATE Post AS t SET slug = v.value ->> 1 FROM json_each(?) AS v WHERE t.id = v.value ->> 0',
    parameters: json,
  },
}

/** The best that can be written by hand: two statements a batch, through the same client. No checkpoint, no claim. */
export async function raw({ batch, provider }: Job): Promise<Contestant> {
  const prisma = client()
  await prisma.post.findFirst({ where: { id: 0 } })
  const { select, update, parameters } = SQL[provider]
  return {
    async work() {
      for (let last = 0; ; ) {
        const posts = await prisma.$queryRawUnsafe<Row[]>(select, last, batch)
        const slugs = posts.map((post) => ({ id: Number(post.id), slug: slugOf(post) }))
        if (slugs.length > 0) await prisma.$executeRawUnsafe(update, ...parameters(slugs))
        if (slugs.length < batch) return
        last = slugs.at(-1)?.id ?? last
      }
    },
    end: () => prisma.$disconnect(),
  }
}
