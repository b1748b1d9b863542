import { expect, test } from 'vitest'
import { rewriteModel } from './rewrite-model.js'

const rewrite = (content: string) =>
  Buffer.concat(rewriteModel(Buffer.from(content)).withModel('route-model')).toString()
const requested = (content: string) => rewriteModel(Buffer.from(content)).modelRequested

test('replaces the value of the outermost model and not one byte more', () => {
  expect(rewrite('{ "seed":9223372036854775807,\n"model" : "gpt-4o" ,"t":[{"model":"x"}],"e":"\\u00e9","n":-0}')).toBe(
    '{ "seed":9223372036854775807,\n"model" : "route-model" ,"t":[{"model":"x"}],"e":"\\u00e9","n":-0}',
  )
})

test('replaces a model whose name is escaped', () => {
  expect(rewrite('{"mod\\u0065l":"o1-pro"}')).toBe('{"mod\\u0065l":"route-model"}')
})

test('leaves decoys alone', () => {
  expect(rewrite('{"s":"\\"model\\":\\"a\\"","o":{"model":"b"},"model":"c"}')).toBe(
    '{"s":"\\"model\\":\\"a\\"","o":{"model":"b"},"model":"route-model"}',
  )
})

test('adds the model where the client named none', () => {
  expect(rewrite(' {"a":1}')).toBe(' {"model":"route-model","a":1}')
  expect(rewrite('{ }')).toBe('{"model":"route-model" }')
})

test('takes null for the route model', () => {
  expect(rewrite('{"model":null}')).toBe('{"model":"route-model"}')
  expect(requested('{"model":null}')).toBeUndefined()
})

test('tells what the client asked for', () => {
  expect(requested('{"model":"gpt\\u002d4o"}')).toBe('gpt-4o')
})

test('leaves unusual but valid members as they came', () => {
  const content = '{"model":"m","stream":"true","n":1e9,"stream":false}'

  expect(rewrite(content)).toBe(content.replace('"m"', '"route-model"'))
})

test.each([
  '{"model":"a","model":"b"}',
  '{"model":"a","mod\\u0065l":"b"}',
  '{"models":["a"]}',
  '{"fallbacks":[]}',
  '{"model":"a","Model":"b"}',
  '{"MODEL":"b"}',
  '{"Fallbacks":[]}',
  '{"model\\u017f":[]}',
])('refuses %s, which names more than one model', (content) => {
  expect(() => rewrite(content)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_AMBIGUOUS', status: 400 }))
})

test.each(['{"model":1}', '{"model":{}}', '{"model":["a"]}', '{"model":true}', `{"model":"${'x'.repeat(1_000_000)}"}`])(
  'refuses a model that is no identifier: %.40s',
  (content) => {
    expect(() => rewrite(content)).toThrow(expect.objectContaining({ code: 'ERR_CONTENT_NOT_JSON_OBJECT' }))
  },
)
