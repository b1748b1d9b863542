import { basename, dirname } from 'node:path'
import { expect, test } from 'vitest'
import { sourceFiles } from './source-files.js'

const MAX_LINES = 300
/** Names of files and folders that say nothing of what is in them. */
const NAMES_NOTHING = /^(?:utils?|helpers?|common|shared|misc|manager|service|stuff|base|core)$/

test(`no file has more than ${MAX_LINES} lines`, () => {
  const long = sourceFiles()
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES)

  expect(long).toEqual([])
})

test('every file and folder is named after an idea', () => {
  const vague = sourceFiles()
    .map(({ path }) => path)
    .filter((path) => {
      const folders = dirname(path).split('/').slice(3)
      const words = basename(path)
        .replace(/\.[a-z.]+$/, '')
        .split('-')
      return folders.some((folder) => NAMES_NOTHING.test(folder)) || NAMES_NOTHING.test(words.at(-1) ?? '')
    })

  expect(vague).toEqual([])
})

test('nothing is exported as default but what oclif loads by its path', () => {
  const defaults = sourceFiles()
    .filter(({ text }) => /^export default /m.test(text))
    .map(({ path }) => path)
    .filter((path) => !/\/src\/(?:commands|hooks)\//.test(path))

  expect(defaults).toEqual([])
})
