import { readdir, rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { isTimestamp } from '../../src/project/task-files.js'
import { repository } from '../support/paths.mjs'
import { Project, type Ran } from '../support/project.js'
import { few, testAgain } from '../support/selection.js'

describe('new', () => {
  let project: Project
  let config: string
  beforeAll(async () => {
    project = await Project.create()
    config = await project.read('after-party.config.ts')
  })
  afterAll(() => project.remove())
  afterEach(async () => {
    for (const file of await tasks()) await rm(project.path(`prisma/after-party/${file}`))
    await project.write('after-party.config.ts', config)
  })

  const tasks = async () => (await readdir(project.path('prisma/after-party'))).filter((file) => file !== '.gitkeep')
  const made = async () => {
    const [file = '', ...others] = await tasks()
    expect(others).toEqual([])
    return { file, text: await project.read(`prisma/after-party/${file}`) }
  }

  test('becomes a file of its name, however it is typed, with the time as its version', async () => {
    const typed = ['backfill_slugs', 'nameBlankPosts', 'close-carts', 'Merge tags']
    const ran = await project.inOneProcess(typed.map((name) => ['new', name]))
    const files = await tasks()
    expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual(
      files.map((file) => [0, `prisma/after-party/${file}`]),
    )
    expect(files.map((file) => file.slice(14))).toEqual([
      '_backfill_slugs.ts',
      '_name_blank_posts.ts',
      '_close_carts.ts',
      '_merge_tags.ts',
    ])
    expect(files.filter((file) => !isTimestamp(file.slice(0, 14)))).toEqual([])
  })

  test('a name that is no name is refused, and nothing is written', async () => {
    for (const { code, stdout, stderr } of await project.inOneProcess([
      ['new', '../x'],
      ['new', '{{name}}'],
      ['new', ''],
    ])) {
      expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '' })
      expect(stderr).toContain('→ ')
    }
    expect(await tasks()).toEqual([])
  })

  describe('a backfill', () => {
    let schema: string
    let prismaConfig: string
    let refused: Ran[]
    beforeAll(async () => {
      prismaConfig = await project.read('prisma.config.ts')
      schema = await project.read('prisma/schema.prisma')
      const more = [
        'model order_item {\n  id Int @id\n}',
        'view Totals {\n  posts Int @unique\n}',
        'model Trace {\n  at DateTime\n\n  @@ignore\n}',
      ]
      await project.write('prisma/schema.prisma', [schema, ...more].join('\n\n'))
      refused = await project.inOneProcess(MODELS.map(([model]) => ['new', 'fill', '--backfill', '--model', model]))
    })
    afterAll(async () => {
      await project.write('prisma.config.ts', prismaConfig)
      await project.write('prisma/schema.prisma', schema)
    })

    const MODELS: readonly (readonly [model: string, what: string, next: string])[] = few(
      [
        ['Psot', 'There is no model Psot in prisma/schema.prisma.', 'Did you mean `--model Post`?'],
        ['OrderItem', 'There is no model OrderItem in prisma/schema.prisma.', 'Did you mean `--model order_item`?'],
        ['Nope', 'There is no model Nope in prisma/schema.prisma.', 'Use the name from the schema'],
        ['Totals', 'Totals is a view, not a model.', 'A backfill walks the rows of a model'],
        ['Trace', 'The model Trace has no key to walk its rows by.', 'Add an `@id` or a `@unique` field'],
      ],
      1,
    )

    test.each(MODELS.map((model, at) => [...model, at] as const))(
      'of %s is refused, and nothing is written',
      async (_, what, next, at) => {
        expect(refused[at]).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(what) })
        expect(refused[at]?.stderr).toContain(`→ ${next}`)
        expect(await tasks()).toEqual([])
      },
    )

    testAgain('of a model may have its name as the client has it', async () => {
      expect(await project.afterParty('new', 'fill', '--backfill', '--model', 'order_item')).toMatchObject({ code: 0 })
      expect((await made()).text).toContain("model: 'order_item'")
    })

    testAgain('where there is no schema to be found is written all the same', async () => {
      await project.write('prisma.config.ts', 'export default {}')
      await project.delete('prisma/schema.prisma')
      expect(await project.afterParty('new', 'fill', '--backfill', '--model', 'Elsewhere')).toMatchObject({ code: 0 })
    })
  })

  testAgain('names the commands as the package manager runs them', async () => {
    project.env = { npm_config_user_agent: 'pnpm/10.0.0 npm/? node/v20.20.2 linux x64' }
    const { stderr } = await project.afterParty('new', 'first')
    project.env = {}
    expect(stderr).toContain('then run `pnpm after-party run`')
  })

  testAgain('a name in use is refused, however it is typed', async () => {
    await project.task('20260101000000_backfill_slugs', '')
    const { code, stderr } = await project.afterParty('new', 'backfillSlugs')
    expect(code).toBe(2)
    expect(stderr).toContain('20260101000000_backfill_slugs.ts')
    expect(await tasks()).toEqual(['20260101000000_backfill_slugs.ts'])
  })

  test('several made in one second get a version each', async () => {
    const names = ['one', 'two', 'three', 'four', 'five']
    const codes = await Promise.all(names.map(async (name) => (await project.afterParty('new', name)).code))
    expect(codes).toEqual([0, 0, 0, 0, 0])
    const files = await tasks()
    expect(new Set(files.map((file) => file.slice(0, 14))).size).toBe(5)
    expect(files.map((file) => file.slice(15, -3)).sort()).toEqual([...names].sort())
  })

  test('a description is written as it was said, quotes and all, and the task is typed and runs', async () => {
    const description = `Give "every" post it's \${slug} \`now\` \\ {{too}}`
    await project.afterParty('new', 'tricky', '--description', description)
    await project.afterParty('new', 'sweep', '--every-deploy')
    await project.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: 'es2023',
          module: 'nodenext',
          skipLibCheck: true,
          types: ['node'],
          exactOptionalPropertyTypes: true,
        },
        include: ['prisma/after-party', 'after-party.config.ts'],
      }),
    )
    const types = await project.node(`${repository}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.json')
    expect(types).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await project.afterParty('run')).code).toBe(0)
    const { stdout } = await project.afterParty('status', '--json')
    expect(JSON.parse(stdout).tasks).toMatchObject([
      { name: 'tricky', description, everyDeploy: false, state: 'done' },
      { name: 'sweep', description: 'Sweep', everyDeploy: true, state: 'recurring' },
    ])
    await rm(project.path('tsconfig.json'))
  })

  testAgain('the team’s own template wins, from the folder that the config names', async () => {
    await project.write('prisma/templates/task.hbs', `// {{name}} {{version}}\nexport default {{string description}}\n`)
    await project.write(
      'after-party.config.ts',
      config.replace('  tasks:', `  templates: 'prisma/templates',\n  tasks:`),
    )
    expect((await project.afterParty('new', 'ours', '--description', `It's ours`)).code).toBe(0)
    const { file, text } = await made()
    expect(text).toBe(`// ours ${file.slice(0, 14)}\nexport default 'It\\'s ours'\n`)
  })

  testAgain('a template that is broken is told, and nothing is written', async () => {
    await project.write('prisma/templates/task.hbs', `{{#if everyDeploy}} {{nope`)
    await project.write(
      'after-party.config.ts',
      config.replace('  tasks:', `  templates: 'prisma/templates',\n  tasks:`),
    )
    const { code, stderr } = await project.afterParty('new', 'ours')
    expect(code).toBe(2)
    expect(stderr).toContain('task.hbs')
    expect(await tasks()).toEqual([])
  })

  testAgain(
    'a config that throws, because this machine has no database, does not keep a task from being written',
    async () => {
      await project.write(
        'after-party.config.ts',
        `if (!process.env.NOT_HERE) throw new Error('NOT_HERE is not set')\n${config}`,
      )
      const { code, stderr } = await project.afterParty('new', 'offline')
      expect(code).toBe(0)
      expect(stderr).toContain("⚠ Can't load after-party.config.ts. NOT_HERE is not set")
      expect((await made()).file).toMatch(/^\d{14}_offline\.ts$/)
    },
  )

  testAgain('a tasks directory that is not there is made', async () => {
    await project.write('after-party.config.ts', config.replace('prisma/after-party', 'prisma/deploy/tasks'))
    const { code, stdout } = await project.afterParty('new', 'first')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^prisma\/deploy\/tasks\/\d{14}_first\.ts$/)
    await rm(project.path('prisma/deploy'), { recursive: true })
  })
})
