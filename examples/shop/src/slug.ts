/** A text in an address: `slugOf('Crème brûlée set')` is `'creme-brulee-set'`. */
export function slugOf(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.match(/[a-z0-9]+/g)?.join('-') ?? ''
}
