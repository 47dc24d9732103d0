import { expect, test } from '@jest/globals'
import { adapterHostOf } from '../../../src/prisma/internals.js'

const hostOf = (config?: object) => adapterHostOf({ _engineConfig: { adapter: { config } } })

test.each([
  [{ connectionString: 'postgresql://me:secret@db.example.com:5432/shop?sslmode=require' }, 'db.example.com'],
  [{ connectionString: 'postgresql://me:s%40cret@db.example.com/shop', host: 'ignored' }, 'db.example.com'],
  [{ connectionString: 'postgresql:///shop?host=db.example.com' }, 'db.example.com'],
  [{ host: 'db.example.com', user: 'me', password: 'secret' }, 'db.example.com'],
])('of %j, the host is shown, and nothing else', (config, host) => {
  expect(hostOf(config)).toBe(host)
})

test.each([
  [undefined],
  [{}],
  [{ connectionString: 'secret' }],
  [{ connectionString: 'postgresql://me:secret@/shop?host=db.example.com' }],
  [{ connectionString: 'postgresql:///shop?host=/var/run/postgresql' }],
  [{ connectionString: 'postgresql:///shop' }],
  [{ host: '/var/run/postgresql' }],
])('of %j, nothing is shown', (config) => {
  expect(hostOf(config)).toBeUndefined()
})
