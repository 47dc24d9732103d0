import type { SuperJSON } from 'superjson'

/** Keeps dates, BigInts and the like as JSON. One of our own: the team's code may have taught the default one more. */
export async function loadSerializer(): Promise<SuperJSON> {
  const { SuperJSON } = await import('superjson')
  return new SuperJSON()
}
