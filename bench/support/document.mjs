import { readFile, writeFile } from 'node:fs/promises'

/**
 * Puts texts between their markers, `<!-- bench:name -->` and `<!-- /bench:name -->`; the rest stays as it is.
 *
 * @param {string} file
 * @param {Record<string, string>} texts By the name of their markers.
 */
export async function writeInto(file, texts) {
  let document = await readFile(file, 'utf8')
  for (const [name, text] of Object.entries(texts)) {
    const between = new RegExp(`(<!-- bench:${name} -->\n)[^]*?(<!-- /bench:${name} -->)`)
    if (!between.test(document)) throw new Error(`${file} has no markers for ${name}`)
    document = document.replace(between, (_, open, close) => `${open}\n${text}\n\n${close}`)
  }
  await writeFile(file, document)
}
