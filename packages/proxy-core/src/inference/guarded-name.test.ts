import { expect, test } from 'vitest'
import { guardedName } from './guarded-name.js'

const GUARDED = new Set(['model', 'models', 'tools'])

test.each([
  ['model', 'model'],
  ['Model', 'model'],
  ['MODEL', 'model'],
  ['model\u017f', 'models'],
  ['\uff4dodel', 'model'],
  ['model[]', 'model'],
  ['Model[0][x', 'model'],
  [' model', 'model'],
  ['Tools', 'tools'],
])('%j could be read as %s', (name, guarded) => {
  expect(guardedName(name, GUARDED)).toBe(guarded)
})

test.each(['', 'mode', 'model_name', 'modelx', 'my_model', '[model]', 'mod\u00e9l'])('%j could not', (name) => {
  expect(guardedName(name, GUARDED)).toBeUndefined()
})
