/** Where an address is. */
export interface Place {
  street: string
  city: string
  latitude: number
  longitude: number
}

/** Asks the service at `GEOCODER_URL` where an address is. */
export async function geocode(address: string, signal: AbortSignal): Promise<Place> {
  const service = process.env.GEOCODER_URL
  if (!service) throw new Error('GEOCODER_URL is not set')
  const url = new URL(service)
  url.searchParams.set('q', address)
  const answer = await fetch(url, { signal })
  if (!answer.ok) throw new Error(`The geocoder answered with ${answer.status} for: ${address}`)
  return (await answer.json()) as Place
}
