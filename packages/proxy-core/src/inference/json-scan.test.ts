import { expect, test } from 'vitest'
import { JsonScanError } from './json-scalar.js'
import { MAX_JSON_DEPTH, MAX_JSON_MEMBERS, scanJsonArray, scanJsonObject } from './json-scan.js'

function members(text: string): Record<string, string>[] {
  const content = Buffer.from(text)
  return scanJsonObject(content).map(({ name, value }) => ({
    [name]: content.toString('utf8', value.start, value.end),
  }))
}

test('finds the outermost members and nothing below', () => {
  expect(members(' {"a" : 1.5e+3, "model":"x","t":[{"model":"inner"},{}], "s":"\\"model\\":1", "n" : null } ')).toEqual(
    [{ a: '1.5e+3' }, { model: '"x"' }, { t: '[{"model":"inner"},{}]' }, { s: '"\\"model\\":1"' }, { n: 'null' }],
  )
})

test('unescapes names and reports duplicates in order', () => {
  expect(members('{"mod\\u0065l":"a","model":"b","__proto__":{}}')).toEqual([
    { model: '"a"' },
    { model: '"b"' },
    { ['__proto__']: '{}' },
  ])
})

test('accepts an empty object, big numbers and surrogate pairs', () => {
  expect(members('{}')).toEqual([])
  expect(members('{"seed":9223372036854775807,"z":-0,"e":"\\ud83d\\ude00"}')).toHaveLength(3)
})

const REFUSED = [
  '',
  ' ',
  'null',
  '[]',
  '"x"',
  '1',
  '{',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,}',
  '{,}',
  '{"a":1 "b":2}',
  '{"a":[1,]}',
  '{"a":[1}',
  '{"a":{]}',
  "{'a':1}",
  '{a:1}',
  '{"a":NaN}',
  '{"a":Infinity}',
  '{"a":01}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":1.}',
  '{"a":1e}',
  '{"a":-}',
  '{"a":"\\x"}',
  '{"a":"\\u12g4"}',
  '{"a":"\n"}',
  '{"a":"\\ud800"}',
  '{"a":"\\udc00\\ud800"}',
  '{"a":1}//c',
  '/*c*/{"a":1}',
  '{"a":1}{"b":2}',
  '\ufeff{"a":1}',
  '{"a":tru}',
  '{"a":truefalse}',
  '{"a" 1}',
  '{"a":1}\0',
]

test.each(REFUSED)('refuses %j', (text) => {
  expect(() => members(text)).toThrow(JsonScanError)
})

test.each([
  Buffer.from('{"a":"é"}', 'latin1'),
  Buffer.from('{"a":1}', 'utf16le'),
  Buffer.from([0x7b, 0xc0, 0x80, 0x7d]),
])('refuses bytes that are not UTF-8: %j', (content) => {
  expect(() => scanJsonObject(content)).toThrow(JsonScanError)
})

test('bounds nesting without recursion', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

  expect(members(nested(MAX_JSON_DEPTH))).toHaveLength(1)
  expect(() => members(nested(MAX_JSON_DEPTH + 1))).toThrow(/nested deeper/)
  expect(() => members(nested(100_000))).toThrow(/nested deeper/)
})

test('agrees with JSON.parse on mutated documents', () => {
  const seed = '{"model":"m","messages":[{"role":"user","content":"h\\u00e9 \\n"}],"n":-1.5e2,"t":true,"z":[]}'
  const alphabet = '{}[]",:\\ 0123456789.eE+-truefalsn\n\u0001é'
  let state = 42
  const random = (limit: number) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    return state % limit
  }
  for (let round = 0; round < 30_000; round++) {
    const at = random(seed.length)
    const text = seed.slice(0, at) + alphabet[random(alphabet.length)] + seed.slice(at + random(3))
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      expect(() => members(text), text).toThrow(JsonScanError)
      continue
    }
    if (JSON.stringify(parsed).match(/\\ud[89a-f]/i) === null) {
      expect(Object.assign({}, ...members(text)), text).toEqual(
        Object.fromEntries(Object.entries(parsed as object).map(([name]) => [name, expect.any(String)])),
      )
    }
  }
})

test('bounds the outermost members', () => {
  const wide = (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join()}}`

  expect(members(wide(MAX_JSON_MEMBERS))).toHaveLength(MAX_JSON_MEMBERS)
  expect(() => members(wide(MAX_JSON_MEMBERS + 1))).toThrow(/more than 4096 members/)
})

test('finds the elements of an array', () => {
  const content = Buffer.from(' [ 1 , {"a":[2]}, [] ,"x"] ')

  expect(scanJsonArray(content).map(({ start, end }) => content.toString('utf8', start, end))).toEqual([
    '1',
    '{"a":[2]}',
    '[]',
    '"x"',
  ])
  expect(scanJsonArray(Buffer.from('[]'))).toEqual([])
  expect(() => scanJsonArray(Buffer.from('{}'))).toThrow(JsonScanError)
})
