import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { fieldsNamed } from './answer.js'
import { converse } from './converse.js'
import { expectRefused } from './expect-refused.js'
import { post } from './post.js'
import { startRecordingUpstream } from './recording-upstream.js'

const INVALID = { status: 400, code: 'invalid_request' }

/** What the provider got of a request that must have been served. */
async function served(content: string | Buffer, contentType?: string): Promise<Buffer> {
  await using upstream = await startRecordingUpstream()
  await using proxy = await startTestProxy({ baseUrl: upstream.url })

  const { answers, wire } = await converse(proxy, 'tunnel', post(content, contentType ? { contentType } : {}))

  expect(answers[0]?.status, wire.slice(0, 500)).toBe(200)
  expect(upstream.connections).toHaveLength(1)
  const bytes = Buffer.from(upstream.bytes, 'latin1')
  const sent = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
  expect(/\r\ncontent-length: (\d+)\r\n/.exec(upstream.bytes)?.[1]).toBe(String(sent.length))
  return sent
}

describe('content that is no JSON object in UTF-8 gets 400 (class 85)', () => {
  test.each<[string, string | Buffer]>([
    ['empty', ''],
    ['white space', ' \r\n\t '],
    ['null', 'null'],
    ['true', 'true'],
    ['a number', '1'],
    ['a string', '"model"'],
    ['an array', '[{"model":"m"}]'],
    ['an array in front', '[]{"model":"m"}'],
    ['two objects', '{"model":"m"}{"model":"n"}'],
    ['two lines of JSON', '{"model":"m"}\n{"model":"n"}'],
    ['something behind', '{"model":"m"}x'],
    ['NUL behind', '{"model":"m"}\0'],
    ['a byte order mark', '\ufeff{"model":"m"}'],
    ['UTF-16', Buffer.from('{"model":"m"}', 'utf16le')],
    ['UTF-16 with a mark', Buffer.from('\ufeff{"model":"m"}', 'utf16le')],
    ['UTF-32', Buffer.from([...'{"a":1}'].flatMap((letter) => [0, 0, 0, letter.charCodeAt(0)]))],
    ['latin1', Buffer.from('{"model":"m","x":"é"}', 'latin1')],
    ['overlong UTF-8', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    [
      'an encoded surrogate',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
    ['UTF-8 cut in the middle', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe4, 0xb8]), Buffer.from('"}')])],
    ['an escaped lone surrogate', '{"model":"m","x":"\\ud800"}'],
    ['an escaped lone low surrogate', '{"model":"m","x":"\\udc00\\ud800"}'],
    ['NaN', '{"model":"m","x":NaN}'],
    ['Infinity', '{"model":"m","x":-Infinity}'],
    ['a line comment', '{"model":"m" // c\n}'],
    ['a block comment', '{/* c */"model":"m"}'],
    ['a hash comment', '# c\n{"model":"m"}'],
    ['a trailing comma', '{"model":"m",}'],
    ['a trailing comma in an array', '{"model":"m","a":[1,]}'],
    ['a leading comma', '{,"model":"m"}'],
    ['no comma', '{"model":"m" "a":1}'],
    ['single quotes', "{'model':'m'}"],
    ['no quotes', '{model:"m"}'],
    ['a raw line break in a string', '{"model":"m\n"}'],
    ['a raw tab in a string', '{"model":"\tm"}'],
    ['a raw NUL in a string', '{"model":"m\0"}'],
    ['an unknown escape', '{"model":"\\m"}'],
    ['a hexadecimal escape', '{"model":"\\x6d"}'],
    ['a short unicode escape', '{"model":"\\u6d"}'],
    ['a leading zero', '{"model":"m","n":01}'],
    ['a hexadecimal number', '{"model":"m","n":0x1}'],
    ['a plus', '{"model":"m","n":+1}'],
    ['no digit before the point', '{"model":"m","n":.5}'],
    ['no digit behind the point', '{"model":"m","n":5.}'],
    ['True', '{"model":"m","x":True}'],
    ['undefined', '{"model":"m","x":undefined}'],
    ['half an object', '{"model":"m"'],
    ['half a string', '{"model":"m'],
    ['a form feed for white space', '{\f"model":"m"}'],
    ['a no-break space for white space', '{\u00a0"model":"m"}'],
    ['JSONP', 'callback({"model":"m"})'],
    ['an XSSI prefix', ')]}\'\n{"model":"m"}'],
    ['form data', 'model=m&messages=x'],
    ['XML', '<model>m</model>'],
    ['gzip without a Content-Encoding', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0])],
  ])('%s', async (_what, content) => {
    await expectRefused('tunnel', post(content), INVALID)
  })

  test.each([
    ['/v1/chat/completions', 'openai'],
    ['/v1/responses', 'openai'],
    ['/v1/embeddings', 'openai'],
    ['/v1/messages', 'anthropic'],
    ['/v1/messages/count_tokens', 'anthropic'],
  ])('on %s in the shape that callers of %s read', async (path, dialect) => {
    const { answers } = await expectRefused('tunnel', post('null', { path }), INVALID)

    expect(JSON.parse(answers[0]?.content ?? '')).toEqual(
      dialect === 'openai'
        ? {
            error: { message: expect.any(String), type: 'invalid_request_error', code: 'invalid_request', param: null },
          }
        : { type: 'error', error: { type: 'invalid_request_error', message: expect.any(String) } },
    )
  })
})

describe('a content with more than one model gets 400 (class 86)', () => {
  test.each([
    '{"model":"a","model":"b"}',
    '{"model":"a","messages":[],"model":"a"}',
    '{"mod\\u0065l":"a","model":"b"}',
    '{"model":"a","\\u006dodel":"b"}',
    '{"\\u006d\\u006f\\u0064\\u0065\\u006c":"a","\\u006D\\u006F\\u0064\\u0065\\u006C":"b"}',
    '{"model":"a","model":null}',
    '{"model":null,"model":"a"}',
    '{"model":"a","models":["b"]}',
    '{"model":"a","fallbacks":[{"model":"b"}]}',
    '{"model":"a","model\\u0073":["b"]}',
    '{"models":["b"]}',
  ])('%s', async (content) => {
    await expectRefused('tunnel', post(content), INVALID)
  })
})

describe('only the outermost model is replaced, and nothing else (classes 86, 88, 89 and 96)', () => {
  test.each([
    ['nested in tools', '{"model":"a","tools":[{"model":"inner","function":{"model":"inner"}}]}'],
    ['in a string', '{"s":"\\"model\\":\\"decoy\\"","model":"a"}'],
    ['in a nested object before', '{"metadata":{"model":"inner"},"model":"a"}'],
    ['a name that only begins so', '{"model_id":"x","modelx":"y","my model":"z","model":"a"}'],
    ['an escaped name', '{"mod\\u0065l":"a","x":1}'],
    ['white space everywhere', ' \t\r\n{ \n"model"\t:\r\n "a" , "x" : [ ] } \n'],
    ['integers beyond 2^53', '{"model":"a","seed":9223372036854775807,"n":-9007199254740993,"u":18446744073709551615}'],
    [
      'numbers no double can hold',
      '{"model":"a","n":1e400,"m":-0,"z":-0.0,"e":1E+2,"d":0.1000000000000000055511151231257827}',
    ],
    ['order and duplicates of other names', '{"z":1,"y":2,"z":3,"model":"a","messages":[],"messages":[1]}'],
    ['escapes', '{"model":"a","x":"\\u00e9\\/\\u002f\\ud83d\\ude00 \\u0000"}'],
    ['raw characters', '{"model":"a","x":"é😀\u2028\u2029\u007f\ufeff"}'],
    [
      '__proto__ and its like',
      '{"__proto__":{"model":"x"},"constructor":{"prototype":{"b":1}},"model":"a","toString":1}',
    ],
    ['an empty name', '{"":"","model":"a"}'],
    ['stream as a string', '{"model":"a","stream":"true","n":1e9,"stream_options":null}'],
    ['what nobody knows yet', '{"model":"a","reasoning":{"effort":"xhigh"},"x-future":[[[]]]}'],
    ['what gateways read', '{"model":"a","api_base":"x","base_url":"y","provider":{"only":["z"]}}'],
  ])('%s', async (_what, content) => {
    expect((await served(content)).toString()).toBe(content.replace('"a"', '"mock/echo"'))
  })

  test('nothing of what was sent pollutes a prototype', async () => {
    await served('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"model":"a"}')

    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('the model (class 87)', () => {
  test.each([
    ['missing', '{"messages":[]}', '{"model":"mock/echo","messages":[]}'],
    ['missing from an empty object', '{}', '{"model":"mock/echo"}'],
    ['missing from an object of white space', '{ \n }', '{"model":"mock/echo" \n }'],
    ['null', '{"model":null,"x":1}', '{"model":"mock/echo","x":1}'],
    ['empty', '{"model":""}', '{"model":"mock/echo"}'],
    ['with CRLF', '{"model":"a\\r\\nX-Evil: 1"}', '{"model":"mock/echo"}'],
    ['with an emoji', '{"model":"🦙"}', '{"model":"mock/echo"}'],
    ['with 512 letters', `{"model":"${'m'.repeat(512)}"}`, '{"model":"mock/echo"}'],
    ['with quotes', '{"model":"a\\"b\\\\"}', '{"model":"mock/echo"}'],
  ])('%s: the model of the route is served', async (_what, content, expected) => {
    expect((await served(content)).toString()).toBe(expected)
  })

  test.each([
    ['a number', '{"model":1}'],
    ['true', '{"model":true}'],
    ['an object', '{"model":{"id":"a"}}'],
    ['an array', '{"model":["a"]}'],
    ['an empty array', '{"model":[]}'],
    ['513 letters', `{"model":"${'m'.repeat(513)}"}`],
    ['1 MB', `{"model":"${'m'.repeat(1_000_000)}"}`],
    ['1 MB of escapes', `{"model":"${'\\u006d'.repeat(170_000)}"}`],
  ])('%s gets 400', async (_what, content) => {
    await expectRefused('tunnel', post(content), INVALID)
  })

  test('what was asked for comes back in a field, escaped and cut', async () => {
    for (const [asked, told] of [
      ['gpt-4o', 'gpt-4o'],
      ['a b%c', 'a%20b%25c'],
      ['x\\r\\nset-cookie: a=b', 'x%0D%0Aset-cookie:%20a=b'],
      ['🦙é', '%F0%9F%A6%99%C3%A9'],
      ['', ''],
    ] as const) {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url })

      const { answers } = await converse(proxy, 'tunnel', post(`{"model":"${asked}"}`))

      expect(fieldsNamed(answers[0], 'x-nemoclaw-model-requested')).toEqual([told])
      expect(fieldsNamed(answers[0], 'set-cookie')).toEqual([])
    }
  })

  test('512 letters that need three bytes each are told in at most 256, never half of one', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', post(`{"model":"${'大'.repeat(512)}"}`))

    const [told = ''] = fieldsNamed(answers[0], 'x-nemoclaw-model-requested')
    expect(told.length).toBeLessThanOrEqual(256)
    expect(told).toMatch(/^(?:%E5%A4%A7)+(?:%E5(?:%A4)?)?$/)
  })
})

describe('size and depth are bounded (class 88)', () => {
  const nested = (depth: number) => `{"model":"a","x":${'['.repeat(depth)}${']'.repeat(depth)}}`

  test('500 levels are served', async () => {
    expect((await served(nested(500))).toString()).toBe(nested(500).replace('"a"', '"mock/echo"'))
  })

  test.each([600, 100_000, 5_000_000])('%i levels get 400, at once', async (depth) => {
    const { tookMs } = await expectRefused('tunnel', post(nested(depth)), INVALID)

    expect(tookMs).toBeLessThan(8_000)
  })

  test('100,000 objects deep get 400', async () => {
    await expectRefused('tunnel', post(`{"model":"a","x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`), INVALID)
  })

  test('a million names below the outermost level are served, byte for byte', async () => {
    const content = `{"model":"a","x":{${Array.from({ length: 1_000_000 }, (_, index) => `"${index}":1`).join()}}}`

    expect((await served(content)).equals(Buffer.from(content.replace('"a"', '"mock/echo"')))).toBe(true)
  })

  test('a million names at the outermost level get 400', async () => {
    const names = Array.from({ length: 1_000_000 }, (_, index) => `"${index}":1`).join()
    await expectRefused('tunnel', post(`{"model":"a",${names}}`), INVALID)
  })

  test('a name of 1 MB is served', async () => {
    const content = `{"${'n'.repeat(1_000_000)}":1,"model":"a"}`

    expect((await served(content)).length).toBe(content.length + 'mock/echo'.length - 1)
  })
})

describe('Content-Type says what the content is, or 415 (class 90)', () => {
  test.each([
    null,
    '',
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/javascript',
    'application/json-seq',
    'application/x-ndjson',
    'application/jsonx',
    'application/vnd.api+json',
    'xapplication/json',
    'json',
    'application/',
    '/json',
    'application json',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; charset=utf-7',
    'application/json; charset="utf-16"',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset',
    'application/json; charset=',
    'application/json; =utf-8',
    'application/json; charset="utf-8',
    'application/json;;charset=utf-8',
    'multipart/form-data; boundary=x',
    'multipart/mixed; boundary=x',
    '*/*',
  ])('%j', async (contentType) => {
    await expectRefused('tunnel', post('{"model":"a"}', { contentType }), {
      status: 415,
      code: 'unsupported_media_type',
    })
  })

  test('given twice', async () => {
    for (const second of ['application/json', 'text/plain']) {
      const bytes = post('{"model":"a"}', { fields: [`Content-Type: ${second}`] })
      await expectRefused('tunnel', bytes, { status: 415 })
    }
  })

  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json ; charset=utf8',
    'application/json; profile="a; charset=utf-16"',
  ])('%s is served, and sent on as it came', async (contentType) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers } = await converse(proxy, 'tunnel', post('{"model":"a"}', { contentType }))

    expect(answers[0]?.status).toBe(200)
    expect(upstream.bytes).toContain(`\r\ncontent-type: ${contentType}\r\n`)
  })
})
