/**
 * The schema of PostgreSQL that a URL names for Prisma's command line, and that an adapter does not read.
 *
 * @example schemaInUrl('postgresql://localhost/shop?schema=tenant') // 'tenant'
 */
export function schemaInUrl(url: string | undefined): string | undefined {
  const schema = /^postgres(?:ql)?:\/\/[^?]*\?(?:.*&)?schema=([^&#]+)/.exec(url ?? '')?.[1]
  return schema === undefined || schema === 'public' ? undefined : decodeURIComponent(schema)
}
