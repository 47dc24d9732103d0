import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Handlebars from 'handlebars'
import { AfterPartyError, messageOf } from '../define/errors.js'

/** The templates that come with the package. */
export type TemplateName = 'task' | 'backfill' | 'test' | 'config' | 'models'

/** src/project and dist/project both lie two below the package. */
const BUILT_IN = fileURLToPath(new URL('../../templates/', import.meta.url))

/**
 * Renders a template. A file of that name in the team's own folder wins over the one that comes with the package.
 * A template may use every value of `data`, and `{{string value}}`, which writes it as a JavaScript string.
 * Throws `template-invalid` when the folder does not exist, or the template is broken or names a value
 * that there is not.
 *
 * @example renderTemplate('task', { description: "It's ours" }, { templatesDir: 'prisma/templates' })
 */
export function renderTemplate(
  name: TemplateName,
  data: Readonly<Record<string, unknown>>,
  { templatesDir }: { templatesDir?: string | undefined } = {},
): string {
  const file = templateFile(name, templatesDir)
  try {
    return engine().compile(readFileSync(file, 'utf8'), { noEscape: true, strict: true })(data)
  } catch (error) {
    throw new AfterPartyError('template-invalid', {
      what: `Can't render the template ${file}.`,
      why: messageOf(error),
      next: `Fix the template. It can use ${Object.keys(data).join(', ')}.`,
      cause: error,
    })
  }
}

/**
 * A JavaScript string literal in single quotes. Safe for any text: quotes, backslashes, line ends, control characters.
 *
 * @example stringLiteral("it's") // "'it\\'s'"
 */
export function stringLiteral(text: string): string {
  const escaped = text.replace(/[\\']/g, '\\$&').replace(UNPRINTABLE, (char) => {
    if (char === '\n') return '\\n'
    if (char === '\r') return '\\r'
    if (char === '\t') return '\\t'
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `'${escaped}'`
}

// Control characters, line separators, and direction marks that would show the source other than it runs.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu

function templateFile(name: TemplateName, templatesDir: string | undefined): string {
  if (templatesDir !== undefined) {
    if (!existsSync(templatesDir)) {
      throw new AfterPartyError('template-invalid', {
        what: `Templates folder not found: ${templatesDir}.`,
        why: '`templates` in the config sets this path.',
        next: `Create it with a file ${name}.hbs, or remove \`templates\` from the config.`,
      })
    }
    const own = join(templatesDir, `${name}.hbs`)
    if (existsSync(own)) return own
  }
  return join(BUILT_IN, `${name}.hbs`)
}

let loaded: typeof Handlebars | undefined

/** Handlebars is loaded when it is first needed: `run` and `status` never do. */
function engine(): typeof Handlebars {
  if (!loaded) {
    const handlebars = createRequire(import.meta.url)('handlebars') as typeof Handlebars
    loaded = handlebars.create()
    loaded.registerHelper('string', (value: unknown) => stringLiteral(String(value)))
  }
  return loaded
}
