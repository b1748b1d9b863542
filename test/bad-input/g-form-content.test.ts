import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { expectRefused } from './expect-refused.js'
import { post } from './post.js'
import { startRecordingUpstream } from './recording-upstream.js'

const PATH = '/v1/audio/transcriptions'
const BOUNDARY = '----boundary0123'
const field = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`
const file = (content: string) =>
  `Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n${content}`
const form = (...parts: readonly string[]) =>
  `${parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`
const sent = (content: string, contentType = `multipart/form-data; boundary=${BOUNDARY}`) =>
  post(Buffer.from(content, 'latin1'), { path: PATH, contentType })
const INVALID = { status: 400, code: 'invalid_request' }

describe('a form that two parsers could take apart differently gets 400 (class 91)', () => {
  test.each([
    ['no boundary parameter', sent(form(field('model', 'a')), 'multipart/form-data')],
    ['an empty boundary', sent(form(field('model', 'a')), 'multipart/form-data; boundary=""')],
    ['a boundary of 71 letters', sent(form(field('model', 'a')), `multipart/form-data; boundary=${'b'.repeat(71)}`)],
    ['a boundary that ends in a space', sent(form(field('model', 'a')), 'multipart/form-data; boundary="b "')],
    ['a boundary that is not the one', sent(form(field('model', 'a')), 'multipart/form-data; boundary=other')],
    [
      'a boundary in another case',
      sent(form(field('model', 'a')), `multipart/form-data; boundary=${BOUNDARY.toUpperCase()}`),
    ],
    ['two model parts', sent(form(field('model', 'a'), field('model', 'b')))],
    ['two model parts that agree', sent(form(field('model', 'a'), field('model', 'a')))],
    ['a part named models', sent(form(field('model', 'a'), field('models', 'b')))],
    ['a part named fallbacks', sent(form(field('fallbacks', 'b')))],
    ['a preamble', sent(`preamble\r\n${form(field('model', 'a'))}`)],
    ['an empty line in front', sent(`\r\n${form(field('model', 'a'))}`)],
    ['an epilogue', sent(`${form(field('model', 'a'))}epilogue`)],
    ['a second form behind', sent(form(field('model', 'a')) + form(field('model', 'b')))],
    ['no closing boundary', sent(form(field('model', 'a')).replace(`--${BOUNDARY}--\r\n`, ''))],
    ['half a closing boundary', sent(form(field('model', 'a')).slice(0, -3))],
    ['LF line ends', sent(form(field('model', 'a')).replaceAll('\r\n', '\n'))],
    ['CR line ends', sent(form(field('model', 'a')).replaceAll('\r\n', '\r'))],
    [
      'a boundary behind LF within a part',
      sent(form(field('x', `1\n--${BOUNDARY}\r\n${field('model', 'b')}`), field('model', 'a'))),
    ],
    [
      'a boundary behind CR within a part',
      sent(form(field('x', `1\r--${BOUNDARY}\r\n${field('model', 'b')}`), field('model', 'a'))),
    ],
    [
      'a boundary where a content would begin',
      sent(form(field('x', `--${BOUNDARY}\r\n${field('model', 'b')}`), field('model', 'a'))),
    ],
    [
      'a closing boundary behind LF',
      sent(form(field('model', 'a'), field('x', `1\n--${BOUNDARY}--\r\n`), field('model2', 'b'))),
    ],
    ['a boundary that goes on', sent(form(field('x', `1\r\n--${BOUNDARY}more\r\n`), field('model', 'a')))],
    ['a space behind a boundary', sent(form(field('model', 'a')).replace(`${BOUNDARY}\r\n`, `${BOUNDARY} \r\n`))],
    ['no header', sent(form('\r\nx', field('model', 'a')))],
    ['no Content-Disposition', sent(form('Content-Type: text/plain\r\n\r\nx', field('model', 'a')))],
    ['two Content-Disposition', sent(form(`Content-Disposition: form-data; name="x"\r\n${field('model', 'a')}`))],
    [
      'Content-Disposition: attachment',
      sent(form('Content-Disposition: attachment; name="model"\r\n\r\nb', field('model', 'a'))),
    ],
    ['no name', sent(form('Content-Disposition: form-data\r\n\r\nb', field('model', 'a')))],
    ['two names', sent(form('Content-Disposition: form-data; name="x"; name="model"\r\n\r\nb', field('model', 'a')))],
    ['an unquoted name', sent(form('Content-Disposition: form-data; name=model\r\n\r\nb', field('model', 'a')))],
    [
      'a name in single quotes',
      sent(form("Content-Disposition: form-data; name='model'\r\n\r\nb", field('model', 'a'))),
    ],
    ['name*', sent(form("Content-Disposition: form-data; name*=UTF-8''model\r\n\r\nb", field('model', 'a')))],
    [
      'name* beside name',
      sent(form('Content-Disposition: form-data; name="x"; name*=UTF-8\'\'model\r\n\r\nb', field('model', 'a'))),
    ],
    [
      'name* in quotes',
      sent(form('Content-Disposition: form-data; name*="UTF-8\'\'model"\r\n\r\nb', field('model', 'a'))),
    ],
    ['name*0', sent(form('Content-Disposition: form-data; name*0="mo"; name*1="del"\r\n\r\nb', field('model', 'a')))],
    ['an escaped name', sent(form('Content-Disposition: form-data; name="mo\\del"\r\n\r\nb', field('model', 'a')))],
    ['an unterminated name', sent(form('Content-Disposition: form-data; name="model\r\n\r\nb', field('model', 'a')))],
    [
      'something behind the name',
      sent(form('Content-Disposition: form-data; name="x"model"\r\n\r\nb', field('model', 'a'))),
    ],
    ['a folded header', sent(form('Content-Disposition: form-data;\r\n name="model"\r\n\r\nb', field('model', 'a')))],
    [
      'a bare CR in a header',
      sent(
        form(
          'Content-Disposition: form-data; name="x"\rContent-Disposition: form-data; name="model"\r\n\r\nb',
          field('model', 'a'),
        ),
      ),
    ],
    [
      'a bare LF in a header',
      sent(form('Content-Disposition: form-data; name="x"\nX: y\r\n\r\nb', field('model', 'a'))),
    ],
    ['a NUL in a header', sent(form('Content-Disposition: form-data; name="x\0"\r\n\r\nb', field('model', 'a')))],
    [
      'a space before a colon',
      sent(form('Content-Disposition : form-data; name="model"\r\n\r\nb', field('model', 'a'))),
    ],
    [
      'base64',
      sent(
        form(
          'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64\r\n\r\nYg==',
          field('x', '1'),
        ),
      ),
    ],
    [
      'quoted-printable',
      sent(
        form('Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=62'),
      ),
    ],
    [
      'parts within a part',
      sent(
        form(
          `Content-Disposition: form-data; name="x"\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n${field('model', 'b')}\r\n--in--`,
          field('model', 'a'),
        ),
      ),
    ],
    ['a header of 64 KB', sent(form(`X: ${'x'.repeat(65_536)}\r\n${field('model', 'a')}`))],
    [
      '1,000 parts',
      sent(form(...Array.from({ length: 1_000 }, (_, index) => field(`x${index}`, '1')), field('model', 'a'))),
    ],
    ['a model of 1 MB', sent(form(field('model', 'm'.repeat(1_000_000))))],
    ['JSON', sent('{"model":"a"}')],
    ['nothing', sent('')],
    ['only the closing boundary', sent(`--${BOUNDARY}--\r\n`)],
  ])('%s', async (_what, bytes) => {
    await expectRefused('tunnel', bytes, INVALID)
  })

  test.each([
    'multipart/mixed; boundary=b',
    'multipart/related; boundary=b',
    'multipart/form-data; boundary=b; boundary=c',
    'multipart/form-data; boundary="b',
    'multipart/form-data boundary=b',
    'multipart; boundary=b',
    'application/x-www-form-urlencoded',
    'audio/wav',
  ])('the type %s gets 415', async (contentType) => {
    await expectRefused('tunnel', sent(form(field('model', 'a')), contentType), { status: 415 })
  })

  test('a form where JSON belongs gets 415', async () => {
    const contentType = `multipart/form-data; boundary=${BOUNDARY}`
    await expectRefused('tunnel', post(form(field('model', 'a')), { contentType }), { status: 415 })
  })
})

describe('of a good form only the model is replaced', () => {
  const BINARY = Buffer.from(Array.from({ length: 256 }, (_, index) => index)).toString('latin1')

  test.each([
    ['a model before a file', form(field('model', 'a'), file(BINARY))],
    ['a model behind a file', form(file(BINARY), field('model', 'a'), field('language', 'en'))],
    ['a file with line ends', form(file('\r\n\n\r\n--\r\n----boundary\r\n-'), field('model', 'a'))],
    ['an empty file', form(file(''), field('model', 'a'))],
    [
      'a name that resembles it',
      form(field('model_id', 'x'), field('my_model', 'y'), field('[model]', 'z'), field('model', 'a')),
    ],
    [
      'text that resembles a part',
      form(field('prompt', 'Content-Disposition: form-data; name="model"\r\n\r\nx'), field('model', 'a')),
    ],
    [
      'filename*',
      form(
        `Content-Disposition: form-data; name="file"; filename*=UTF-8''gr%C3%B6%C3%9Fe.wav\r\n\r\nx`,
        field('model', 'a'),
      ),
    ],
    ['no line end behind the last boundary', form(field('model', 'a')).slice(0, -2)],
  ])('%s', async (_what, content) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    const { answers, wire } = await converse(proxy, 'tunnel', sent(content))

    expect(answers[0]?.status, wire).toBe(200)
    const received = upstream.bytes.slice(upstream.bytes.indexOf('\r\n\r\n') + 4)
    expect(received).toBe(content.replace('name="model"\r\n\r\na', 'name="model"\r\n\r\nmock/echo'))
    expect(upstream.bytes).toContain(`\r\ncontent-length: ${received.length}\r\n`)
  })

  test('where there is no model one is added', async () => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url })

    await converse(proxy, 'tunnel', sent(form(file('x'))))

    expect(upstream.bytes.slice(upstream.bytes.indexOf('\r\n\r\n') + 4)).toBe(
      form(field('model', 'mock/echo'), file('x')),
    )
  })
})
