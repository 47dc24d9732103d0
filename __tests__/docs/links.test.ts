import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { repository } from '../support/paths.mjs'
import { codeSpans, type Page, packagedPages, prose, readPage, repositoryPages } from './pages.js'

/** Every relative link leads somewhere: in the repository, and from the pages of the package also in the tarball. */

interface Link {
  target: string
  /** Whether it stands in the section that is about the repository. */
  aboutRepository: boolean
}

function linksOf({ text }: Page): Link[] {
  const read = prose(text)
  const about = read.indexOf('\n## This repository\n')
  const end = about === -1 ? -1 : read.indexOf('\n## ', about + 1)
  const links = [...read.matchAll(/\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)]
  return links.map(({ 1: inline, 2: reference, index }) => ({
    target: inline ?? reference ?? '',
    aboutRepository: about !== -1 && index > about && index < end,
  }))
}

const packaged = packagedPages()
const files = new Set([...packaged.map(({ file }) => file), 'LICENSE'])

describe.each([...packaged, ...repositoryPages()].map((page) => [page.file, page] as const))('%s', (file, page) => {
  const links = linksOf(page).filter(({ target }) => !/^[a-z]+:/.test(target))

  test('has no link to a file or a section that is not there', () => {
    const broken = links.flatMap(({ target }) => {
      const [to = '', anchor] = target.split('#')
      const place = to === '' ? file : path.posix.join(path.posix.dirname(file), to)
      if (!existsSync(path.join(repository, place))) return [`${target}: no such file`]
      if (anchor === undefined) return []
      const found = readPage(place).headings.some((heading) => heading.anchor === anchor)
      return found ? [] : [`${target}: no such section`]
    })
    expect(broken).toEqual([])
  })

  test('names no file of this repository that is not there', () => {
    const named = codeSpans(page.text).filter((code) => /^(__tests__|scripts|bench|examples|src)\/[\w./-]+$/.test(code))
    const places = [repository, path.join(repository, path.dirname(file))]
    expect(named.filter((code) => !places.some((place) => existsSync(path.join(place, code))))).toEqual([])
  })

  if (!files.has(file)) return
  test('leads out of the package only where it is about the repository', () => {
    const out = links.filter(({ target, aboutRepository }) => {
      const [to = ''] = target.split('#')
      return to !== '' && !aboutRepository && !files.has(path.posix.join(path.posix.dirname(file), to))
    })
    expect(out).toEqual([])
  })
})

test('the README and llms.txt lead to every page', () => {
  const pages = packaged.filter(({ file }) => file.startsWith('docs/')).map(({ file }) => file)
  for (const from of ['README.md', 'llms.txt']) {
    const targets = linksOf(readPage(from)).map(({ target }) => target.split('#')[0])
    expect({ from, missing: pages.filter((page) => !targets.includes(page)) }).toEqual({ from, missing: [] })
  }
})

test('no page has an address of the project that nobody has decided', () => {
  const invented = [...packagedPages(), ...repositoryPages()].flatMap(({ file, text }) =>
    [...text.matchAll(/https?:\/\/[^\s)>\]"'`]*\/after-party\b[^\s)>\]"'`]*/g)].map(([url]) => `${file}: ${url}`),
  )
  expect(invented).toEqual([])
})
