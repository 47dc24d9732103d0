import { CommandFailed } from './command.mjs'
import { folderOf } from './row.mjs'

/**
 * Fills in the task that `after-party new` made: it calls a module of the project and writes what that says into the
 * database. In TypeScript it also proves that `prisma` has the type of the project's own client.
 *
 * @param {import('./project.mjs').Project} project
 * @param {string} printed what `new` printed
 * @returns {Promise<string>} the file, from the project's directory
 */
export async function fillIn(project, printed) {
  const { row } = project
  const file = `${folderOf(row) === '.' ? '' : `${folderOf(row)}/`}${printed.trim().split('\n').at(-1)}`
  const text = await project.read(file)
  const { imports, value } = bodyOf(row)
  const proof = /\.[cm]?ts$/.test(file)
    ? '    // @ts-expect-error No model of this client has that name.\n    void prisma.nothing\n'
    : ''
  const run = `async run({ prisma, log }) {
${proof}    const note = await prisma.note.create({ data: { text: ${value} } })
    log(note.text)
  },
})
`
  const filled = text.replace(/async run\([\s\S]*$/, () => run)
  if (filled === text) throw new CommandFailed(`${file} has no \`async run(\``, text)
  await project.write({ [file]: `${imports}${filled}` })
  return file
}

/** The row that the task writes. @param {import('./row.mjs').Row} row */
export function expectedText(row) {
  return row.body?.text ?? 'hello task'
}

/** @param {import('./row.mjs').Row} row */
function bodyOf({ body, modules = 'esm', plain }) {
  if (body) return body
  const ending = modules === 'esm' || plain ? '.js' : ''
  return { imports: `import { greeting } from '../../src/greeting${ending}'\n`, value: "greeting('task')" }
}
