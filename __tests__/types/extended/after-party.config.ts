import { PrismaPg } from '@prisma/adapter-pg'
import { defineConfig } from 'after-party'
import { PrismaClient } from '#prisma'

/** A factory that is async, of a client with every kind of extension and with a field omitted everywhere. */
export const client = async () =>
  new PrismaClient({
    adapter: new PrismaPg({ connectionString: 'postgres://db' }),
    omit: { author: { email: true } },
  })
    .$extends({
      model: {
        post: {
          async publish(id: number): Promise<'published'> {
            return id > 0 ? 'published' : Promise.reject(new RangeError(`no post ${id}`))
          },
        },
      },
      client: {
        $primary: () => 'the primary' as const,
      },
    })
    .$extends({
      result: {
        post: {
          shout: { needs: { title: true }, compute: ({ title }) => title.toUpperCase() },
        },
      },
    })
    .$extends({
      query: {
        post: {
          findMany: ({ args, query }) => query(args),
        },
      },
    })

export default defineConfig({ client })

declare module 'after-party' {
  interface Register {
    client: ReturnType<typeof client>
  }
}
