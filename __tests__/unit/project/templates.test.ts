import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { renderTemplate, stringLiteral } from '../../../src/project/templates.js'
import fc from '../../support/fast-check.js'

const DATA = { version: '20261122103000', name: 'x', description: '<b> & "c"', everyDeploy: false }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'templates-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a template', () => {
  test('of the package is used where the team has none', () => {
    expect(renderTemplate('task', DATA, { templatesDir: folder })).toBe(renderTemplate('task', DATA))
  })

  test('does not escape: it makes code, not HTML', () => {
    expect(renderTemplate('task', DATA)).toContain(`'<b> & "c"'`)
  })

  test('that names a value that there is not is refused with its path', async () => {
    await writeFile(join(folder, 'task.hbs'), '{{titel}}')
    expect(() => renderTemplate('task', DATA, { templatesDir: folder })).toThrow(
      expect.objectContaining({
        code: 'template-invalid',
        what: expect.stringContaining(join(folder, 'task.hbs')),
        why: expect.stringContaining('titel'),
        next: expect.stringContaining('version, name, description, everyDeploy'),
      }),
    )
  })

  test('of a folder that is not there is refused', () => {
    expect(() => renderTemplate('task', DATA, { templatesDir: join(folder, 'no') })).toThrow(
      expect.objectContaining({ code: 'template-invalid' }),
    )
  })
})

test('any text survives as a string literal on one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const literal = stringLiteral(text)
      expect(new Function(`'use strict'; return ${literal}`)()).toBe(text)
      expect(literal).not.toMatch(/[\n\r\u2028\u2029]/)
    }),
  )
})
