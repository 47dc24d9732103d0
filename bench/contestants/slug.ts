/** What every contestant makes of a row: the work itself must be the same. */
export function slugOf({ id, title }: { id: number; title: string }): string {
  const words = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `${words}-${id}`
}
