import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { redisMissing } from '../support/databases/redis.mjs'
import { chosenVariants, whyMissing } from '../support/databases/servers.mjs'
import { Gate } from '../support/parties.js'
import { ENGINES, Listening, messages, type QueueEngine } from '../support/queues.js'

/** What a queue engine promises: a doorbell that rings again, whatever dies. Each with the real server. */

const postgres = chosenVariants(['postgresql']).includes('postgresql') && whyMissing('postgresql') === undefined
const HERE = { 'pg-boss': postgres, bullmq: redisMissing === undefined }

for (const name of ['pg-boss', 'bullmq'] as const) {
  const describeHere = HERE[name] ? describe : describe.skip
  describeHere(name, () => {
    let engine: QueueEngine
    beforeEach(async () => {
      engine = await ENGINES[name]()
    })
    afterEach(async () => {
      await engine[Symbol.asyncDispose]()
    })

    test('every message is delivered as it was sent', async () => {
      const sent = [
        { version: '20260101000000', part: null },
        { version: '20260101000000', part: 0 },
        { version: '20260102000000', part: 7 },
      ]
      const listening = new Listening(engine.queue())
      await engine.queue().ring(sent)
      await listening.saw(3)
      await listening.stop()
      expect(listening.messages).toHaveLength(3)
      expect(listening.messages).toEqual(expect.arrayContaining(sent))
    })

    test('no messages need no server', async () => {
      await engine.stop()
      await engine.queue().ring([])
    })

    test('several workers share the messages, and each is delivered once', async () => {
      const queue = engine.queue()
      const versions = Array.from({ length: 20 }, (_, index) => `v${index}`)
      const workers = [new Listening(engine.queue(), { concurrency: 2 }), new Listening(engine.queue())]
      const all = () => workers.flatMap((worker) => worker.versions)
      await queue.ring(messages(...versions))
      while (all().length < versions.length)
        await Promise.race(workers.map((worker) => worker.saw(worker.messages.length + 1)))
      await Promise.all(workers.map((worker) => worker.stop()))
      expect(all().sort()).toEqual(versions.sort())
    })

    test('workers that are the first ones, at once, do not disturb each other', async () => {
      const told: unknown[] = []
      const onError = (error: unknown) => told.push(error)
      const workers = Array.from({ length: 6 }, () => new Listening(engine.queue({ onError })))
      await engine.queue().ring(messages('first'))
      await Promise.race(workers.map((worker) => worker.saw(1)))
      await Promise.all(workers.map((worker) => worker.stop()))
      expect(workers.flatMap((worker) => worker.versions)).toEqual(['first'])
      expect(told).toEqual([])
    })

    test('works on as many messages at once as it may, and on no more', async () => {
      const gate = new Gate()
      let now = 0
      let most = 0
      const work = async () => {
        now += 1
        most = Math.max(most, now)
        await gate.passed
        now -= 1
      }
      const queue = engine.queue()
      const listening = new Listening(queue, { concurrency: 3, work })
      await queue.ring(messages('a', 'b', 'c', 'd', 'e', 'f', 'g'))
      await listening.saw(3)
      expect(now).toBe(3)
      gate.open()
      await listening.saw(7)
      await listening.stop()
      expect(most).toBe(3)
    })

    test('a message that comes while another is worked on is not kept waiting', async () => {
      const gate = new Gate()
      const queue = engine.queue()
      const work = ({ version }: { version: string }) => (version === 'slow' ? gate.passed : Promise.resolve())
      const listening = new Listening(queue, { concurrency: 2, work })
      await queue.ring(messages('slow'))
      await listening.saw(1)
      await queue.ring(messages('quick'))
      await listening.saw(2)
      expect(listening.versions).toEqual(['slow', 'quick'])
      gate.open()
      await listening.stop()
    })

    test('after an abort, it waits for running work and takes no more', async () => {
      const gate = new Gate()
      let ended = false
      const work = async () => {
        await gate.passed
        ended = true
      }
      const queue = engine.queue()
      const listening = new Listening(queue, { work })
      await queue.ring(messages('first'))
      await listening.saw(1)
      listening.abort()
      await queue.ring(messages('second'))
      expect([listening.over, ended]).toEqual([false, false])
      gate.open()
      await listening.ended
      expect(ended).toBe(true)
      expect(listening.versions).toEqual(['first'])
      const next = new Listening(queue)
      await next.saw(1)
      await next.stop()
      expect(next.versions).toEqual(['second'])
    })

    test('ends at once if it was aborted before', async () => {
      await engine.queue().listen(async () => {}, { concurrency: 1, signal: AbortSignal.abort() })
    })

    test('a message whose work fails comes again', async () => {
      let tries = 0
      const told: unknown[] = []
      const work = async () => {
        tries += 1
        if (tries === 1) throw new Error('the first time')
      }
      const queue = engine.queue({ onError: (error: unknown) => told.push(error) })
      const listening = new Listening(queue, { work })
      await queue.ring(messages('again'))
      await listening.saw(2)
      await listening.stop()
      expect(listening.versions).toEqual(['again', 'again'])
      expect(told).toEqual([new Error('the first time')])
    })

    test('the message of a process that was killed goes to another', async () => {
      const queue = engine.queue()
      const dies = engine.process('listen')
      await queue.ring(messages('slow'))
      await dies.saw(/heard slow/)
      await dies.kill()
      const listening = new Listening(queue)
      await listening.saw(1)
      await listening.stop()
      expect(listening.versions).toEqual(['slow'])
    })

    test('a server that restarts ends no listener, and work that ended in between crashes nothing', async () => {
      const queue = engine.queue()
      const listener = engine.process('listen')
      await queue.ring(messages('slow'))
      await listener.saw(/heard slow/)
      await engine.stop()
      listener.signal('SIGUSR2')
      await listener.saw(/ended slow/)
      await listener.saw(/told/)
      await engine.start()
      await queue.ring(messages('after'))
      await listener.saw(/heard after/)
      listener.signal('SIGTERM')
      expect(await listener.ended).toEqual({ code: 0, stderr: '' })
    })

    test('a server that loses everything while work is done ends no listener', async () => {
      const queue = engine.queue()
      const listener = engine.process('listen')
      await queue.ring(messages('slow'))
      await listener.saw(/heard slow/)
      await engine.forget()
      listener.signal('SIGUSR2')
      await listener.saw(/ended slow/)
      await queue.ring(messages('after'))
      await listener.saw(/heard after/)
      listener.signal('SIGTERM')
      expect(await listener.ended).toEqual({ code: 0, stderr: '' })
    })

    test('a listener that starts before its server works when that is up', async () => {
      await engine.stop()
      const listener = engine.process('listen')
      await listener.saw(/told/)
      await engine.start()
      await engine.queue().ring(messages('late'))
      await listener.saw(/heard late/)
      listener.signal('SIGTERM')
      expect(await listener.ended).toEqual({ code: 0, stderr: '' })
    })

    test.each(['at once', 'after a while'])('a listener can be stopped while its server is down (%s)', async (when) => {
      const queue = engine.queue()
      const listener = engine.process('listen')
      await queue.ring(messages('slow'))
      await listener.saw(/heard slow/)
      await engine.stop()
      if (when === 'after a while') await listener.saw(/told/)
      listener.signal('SIGTERM')
      listener.signal('SIGUSR2')
      await listener.saw(/resolved/)
      expect(await listener.ended).toEqual({ code: 0, stderr: '' })
    })

    test.each(['is down', 'does not answer'])(
      'a server that %s refuses messages within seconds, and takes them later',
      async (how) => {
        const queue = engine.queue()
        await queue.ring(messages('before'))
        if (how === 'is down') await engine.stop()
        else engine.network.freeze()
        const since = performance.now()
        await expect(queue.ring(messages('during'))).rejects.toMatchObject({
          code: 'database-unreachable',
          message: expect.not.stringMatching(/:\/\/[^…]/),
        })
        expect(performance.now() - since).toBeLessThan(7_000)
        await engine.start()
        engine.network.heal()
        await queue.ring(messages('after'))
        const listening = new Listening(queue)
        while (!listening.versions.includes('after')) await listening.saw(listening.messages.length + 1)
        await listening.stop()
      },
    )

    test('a process that rings ends when it has closed', async () => {
      const rings = engine.process('ring', 'one')
      await rings.saw(/rung/)
      expect(await rings.ended).toEqual({ code: 0, stderr: '' })
      const listening = new Listening(engine.queue())
      await listening.saw(1)
      await listening.stop()
      expect(listening.versions).toEqual(['one'])
    })

    test('a process that could not ring ends when it has closed', async () => {
      await engine.stop()
      const rings = engine.process('ring', 'one')
      await rings.saw(/refused database-unreachable/)
      expect(await rings.ended).toEqual({ code: 0, stderr: '' })
    })
  })
}
