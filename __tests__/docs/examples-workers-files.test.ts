import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import {
  array,
  boolean,
  type InferOutput,
  literal,
  minLength,
  minValue,
  number,
  optional,
  parse,
  picklist,
  pipe,
  record,
  regex,
  strictObject,
  string,
  transform,
} from 'valibot'
import { parse as parseYaml } from 'yaml'
import { repository } from '../support/paths.mjs'
import { listedCommands, parseCommand } from './command-lines.js'
import { codeSpans, readPage } from './pages.js'
import { parseBlock } from './recipe-blocks.js'

/** What the Dockerfile and the compose file of examples/workers say is so. */

const folder = path.join(repository, 'examples', 'workers')
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8')
/** In s; the default of After Party is in docs/config.md. */
const GRACE_S = 25

const command = pipe(array(string()), minLength(1))
const seconds = pipe(
  string(),
  regex(/^\d+s$/),
  transform((text) => Number(text.slice(0, -1))),
)
const service = strictObject({
  image: string(),
  build: optional(literal('.')),
  command: optional(command),
  environment: optional(record(string(), string())),
  ports: optional(array(pipe(string(), regex(/^\d+:\d+$/)))),
  profiles: optional(array(string())),
  healthcheck: optional(strictObject({ test: command, interval: seconds, retries: number() })),
  stop_grace_period: optional(seconds),
  restart: optional(picklist(['no', 'always', 'on-failure', 'unless-stopped'])),
  deploy: optional(strictObject({ replicas: pipe(number(), minValue(1)) })),
  depends_on: optional(
    record(
      string(),
      strictObject({
        condition: picklist(['service_started', 'service_healthy', 'service_completed_successfully']),
        required: optional(boolean()),
      }),
    ),
  ),
})
type Service = InferOutput<typeof service>
const compose = strictObject({ name: string(), 'x-app': service, services: record(string(), service) })

const { services, name: composeName } = parse(compose, parseYaml(read('compose.yaml'), { merge: true }))
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined)
const named = (name: string): Service => {
  const found = services[name]
  if (!found) throw new Error(`no service ${name}`)
  return found
}
const block = { language: 'dockerfile', title: 'Dockerfile', text: read('Dockerfile'), line: 1, heading: undefined }

describe('examples/workers/Dockerfile', () => {
  const instructions = block.text.split('\n').filter((line) => /^[A-Z]+ /.test(line))
  const at = (start: string) => instructions.findIndex((line) => line.startsWith(start))

  test('is read by the parser of Dockerfiles', async () => {
    await expect(parseBlock(block)).resolves.toBeDefined()
  })

  test('copies files that there are, and all that the processes load', () => {
    const sources = instructions.filter((line) => line.startsWith('COPY ')).map((line) => line.split(' ').slice(1, -1))
    expect(sources.flat().filter((file) => !existsSync(path.join(folder, file.replace('*', ''))))).toEqual([])
    const all = ['package*.json', 'prisma.config.ts', 'after-party.config.ts', 'tsconfig.json', 'prisma', 'src']
    expect(sources.flat()).toEqual(all)
  })

  test('generates the client after the schema is there, and without a database', () => {
    expect(at('RUN npx prisma generate')).toBeGreaterThan(at('COPY prisma '))
    expect(at('RUN npm install')).toBeGreaterThan(at('COPY package'))
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['node_modules', 'generated', '.env']))
  })

  test('ends as a user that is not root, with a command in the exec form whose file is there', () => {
    expect(instructions.filter((line) => line.startsWith('USER '))).toEqual(['USER node'])
    expect(instructions.at(-1)).toMatch(/^CMD \[/)
    expect(at('USER ')).toBeGreaterThan(Math.max(...instructions.map((line, i) => (line.startsWith('RUN ') ? i : 0))))
    const [node, ...words] = JSON.parse(instructions.at(-1)?.slice(4) ?? '') as string[]
    expect(node).toBe('node')
    expect(existsSync(path.join(folder, words.at(-1) ?? ''))).toBe(true)
  })
})

describe('examples/workers/compose.yaml', () => {
  test('runs one image as deploy, web and workers', () => {
    expect(ours.map(([name, { image }]) => [name, image])).toEqual([
      ['deploy', composeName],
      ['web', composeName],
      ['worker', composeName],
    ])
    expect(named('worker').deploy?.replicas).toBe(4)
  })

  test('calls commands that there are, with no shell in front', async () => {
    const commands = Object.fromEntries(
      ours.map(([name, { command: words = [] }]) => [name, listedCommands(words).map(([, ...rest]) => rest)]),
    )
    expect(commands).toEqual({ deploy: [['deploy']], web: [], worker: [['work']] })
    for (const words of Object.values(commands).flat()) await parseCommand(words)
    for (const [, { command: words = [] }] of ours) expect(words[0] ?? '').not.toMatch(/sh$|npx|npm/)
  })

  test('deploys once the servers are there, and starts the others when the deploy has succeeded', () => {
    expect(named('deploy').depends_on).toEqual({
      db: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy', required: false },
    })
    expect(named('deploy').restart).toBeUndefined()
    for (const name of ['web', 'worker'])
      expect(named(name)).toMatchObject({
        depends_on: { deploy: { condition: 'service_completed_successfully' } },
        restart: 'unless-stopped',
      })
  })

  test('has a healthcheck wherever somebody waits for one, and Redis under a profile', () => {
    expect(Object.keys(services).filter((name) => named(name).healthcheck)).toEqual(['db', 'redis', 'web'])
    const web = named('web').healthcheck?.test.join(' ') ?? ''
    const [, port, address] = /127\.0\.0\.1:(\d+)(\/\w+)/.exec(web) ?? []
    expect(named('web').ports).toEqual([`${port}:${port}`])
    expect(read('src/server.ts')).toContain(`PORT ?? ${port}`)
    expect(read('src/server.ts')).toContain(`'${address}'`)
    expect(block.text).toContain(`EXPOSE ${port}`)
    expect(named('redis').profiles).toEqual(['bullmq'])
  })

  test('gives every process more time to stop than its grace period', () => {
    expect(readPage('docs/config.md').text).toContain(`\`${GRACE_S}s\``)
    for (const [name, { stop_grace_period: time = 10 }] of ours)
      expect({ name, enough: time > GRACE_S }).toEqual({ name, enough: true })
  })

  test('sets the variables that the example reads, and no other', () => {
    const files = ['src/prisma.ts', 'src/queue.ts', 'src/server.ts']
    const reads = files.flatMap((file) => [...read(file).matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name))
    const sets = Object.keys(named('worker').environment ?? {}).filter((name) => !name.startsWith('AFTER_PARTY_'))
    expect(sets.sort()).toEqual([...new Set(reads)].filter((name) => name !== 'PORT').sort())
  })
})

test('the README names files, services and containers that there are', () => {
  const { text, blocks } = readPage('examples/workers/README.md')
  const files = codeSpans(text).filter((code) => /^[\w./-]+\.(ts|yaml)$|^Dockerfile$/.test(code))
  const places = ['', 'prisma/after-party', 'src']
  expect(files.length).toBeGreaterThan(5)
  expect(files.filter((file) => !places.some((place) => existsSync(path.join(folder, place, file))))).toEqual([])

  const shell = blocks.filter(({ language }) => language === 'sh').map((each) => each.text)
  const lines = shell.join('\n')
  const used = [
    ...lines.matchAll(/docker compose (?:run --rm|exec|up --build -d|up -d|restart|logs -f|stop|start) ([a-z]+)/g),
  ]
  expect(used.map(([, service = '']) => service).filter((service) => !(service in services))).toEqual([])
  const containers = [...lines.matchAll(/docker kill (\S+)/g)].map(([, container]) => container)
  expect(containers).toEqual([`${composeName}-worker-2`])
  for (const [, file = ''] of lines.matchAll(/tsx (\S+\.ts)/g)) expect(existsSync(path.join(folder, file))).toBe(true)
})
