import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP service on this machine that knows where addresses are, and keeps count of what it is asked. */
export class Geocoder {
  /** The addresses that it gave an answer for, in order. */
  readonly answered: string[] = []
  /** How many more answers it gives before it is out of order. */
  answersLeft = Number.POSITIVE_INFINITY
  readonly #server: Server

  private constructor(places: Readonly<Record<string, object>>) {
    this.#server = createServer(({ url = '' }, response) => {
      const address = new URL(url, 'http://geocoder').searchParams.get('q') ?? ''
      const place = places[address]
      if (this.answersLeft === 0 || place === undefined) return void response.writeHead(503).end()
      this.answersLeft -= 1
      this.answered.push(address)
      response.end(JSON.stringify(place))
    })
  }

  /** Starts one that knows these places, by address. */
  static async start(places: Readonly<Record<string, object>>): Promise<Geocoder> {
    const geocoder = new Geocoder(places)
    geocoder.#server.listen(0, '127.0.0.1')
    await once(geocoder.#server, 'listening')
    return geocoder
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/search`
  }

  /** What it answered since it was asked this last. */
  takeAnswered(): string[] {
    return this.answered.splice(0)
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
