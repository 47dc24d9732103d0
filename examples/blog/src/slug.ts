/**
 * The address of a post: its title in plain letters, at most `length` characters of it, and its id, which makes
 * it unique.
 *
 * @example slugOf({ id: 7, title: 'Crème brûlée 🍮' }) // 'creme-brulee-7'
 */
export function slugOf({ id, title }: { id: number; title: string }, length = 100): string {
  const words = title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
  const text = words?.join('-').slice(0, length).replace(/-$/, '') ?? 'post'
  return `${text}-${id}`
}
