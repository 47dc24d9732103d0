import path from 'node:path'
import { Blog } from './demo/blog.mjs'
import { check, quietly, say, set, type } from './demo/stage.mjs'
import { titleOf } from './demo/titles.mjs'

// The demo: a blog with 5,000 posts is deployed again and again, by the real commands.
// node scripts/demo.mjs [folder]

const POSTS = 5_000
const DEPLOY = ['prisma migrate deploy', 'after-party run']

const SHORTEN = 'prisma/after-party/20260420083000_shorten_slugs.ts'
const MENDED = 'data: { slug: slugOf(post, LONGEST) }'
const BROKEN = 'data: { slug: post.slug?.slice(0, LONGEST) }'

const WITHOUT_SLUG = 'SELECT count(*) FROM "Post" WHERE "slug" IS NULL'
const BLANK = `SELECT count(*) FROM "Post" WHERE trim("title") = ''`
const SLUGS = 'SELECT count(DISTINCT "slug") FROM "Post"'
const SUM = 'SELECT sum(length("slug")) FROM "Post"'
// 40 characters, a hyphen, and an id of at most four digits.
const LONG = 'SELECT count(*) FROM "Post" WHERE length("slug") > 45'

const folder = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..', '.generated', 'demo'))
const shown = path.relative(process.cwd(), folder).split(path.sep).join('/')
const blog = new Blog(folder)

say.scene('A blog in production')
await blog.make()
await blog.release((file) => /migrations\/(\w+_init\/|migration_lock)/.test(file))
await Promise.all([quietly(blog, 'prisma generate'), quietly(blog, 'prisma migrate deploy')])
const titles = JSON.stringify(Array.from({ length: POSTS }, (_, n) => titleOf(n)))
await blog.query('INSERT INTO "Post" ("title") SELECT "value" FROM json_each(?)', [titles])
say.text(`examples/blog, copied to ${shown}. Its SQLite database holds 5,000 posts.
Titles have accents and emoji; some are the same, some are blank, some have 300 characters. No post has a slug.`)

say.scene('A release: a column for slugs, and three deploy tasks')
await blog.release((file) => file !== SHORTEN)
say.text(`Migrations add the column. Tasks in prisma/after-party fill it:
one in a transaction, one in batches, one that runs at every deploy.`)
set(blog, 'AFTER_PARTY_DEPLOY_ID', '7f3a2c1', 'names the deploy: usually the commit')
await type(blog, DEPLOY)
await type(blog, ['after-party status'])
say.text('')
await check(blog, 'posts without a slug', 0, WITHOUT_SLUG)
await check(blog, 'different slugs', POSTS, SLUGS)
await check(blog, 'posts without a title', 0, BLANK)

say.scene('The same release starts on another machine')
say.text('It runs the same command. This database has seen every task, so there is nothing to do.')
await type(blog, DEPLOY)

say.scene('The next release has a task with a mistake in it')
const before = Number((await blog.query(SUM))[0]?.[0])
await blog.release((file) => file === SHORTEN)
await blog.edit(SHORTEN, MENDED, BROKEN)
say.text(`shorten_slugs is to cut slugs to 40 characters. It cuts off the id too, so two of them become the same:
  ${BROKEN}`)
set(blog, 'AFTER_PARTY_DEPLOY_ID', 'c40d9e8', 'the next commit')
await type(blog, DEPLOY, 1)
say.text('\nThe deploy stops there. The task has a transaction, so nothing of it is left in the database:\n')
await check(blog, 'different slugs', POSTS, SLUGS)
await check(blog, 'characters of slugs lost', 0, `SELECT ${before} - (${SUM})`)
await type(blog, ['after-party status --check'], 4)

say.scene('The task is fixed')
await blog.edit(SHORTEN, BROKEN, MENDED)
say.text(`  ${MENDED}\n\nThe next deploy runs it again, and the task that runs at every deploy.`)
set(blog, 'AFTER_PARTY_DEPLOY_ID', 'e91b550', 'the commit that fixes it')
await type(blog, DEPLOY)
await type(blog, ['after-party history'])
say.text('')
await check(blog, 'different slugs', POSTS, SLUGS)
await check(blog, 'slugs that are too long', 0, LONG)

say.text(`\nThat is all of it. The project is in ${shown}: change a task and run it again.`)
