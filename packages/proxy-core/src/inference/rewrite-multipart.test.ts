import { expect, test } from 'vitest'
import { rewriteMultipart } from './rewrite-multipart.js'

const form = (...parts: string[]) => `${parts.map((part) => `--B\r\n${part}\r\n`).join('')}--B--\r\n`
const field = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`
const rewrite = (content: string, boundary = 'B') =>
  Buffer.concat(rewriteMultipart(Buffer.from(content, 'latin1'), boundary).withModel('route-model')).toString('latin1')

test('replaces the model part and keeps every other byte, binary ones too', () => {
  const file =
    'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n\0\xff\r\n--b\n'

  expect(rewrite(form(file, field('model', 'whisper-1'), field('n', '1')))).toBe(
    form(file, field('model', 'route-model'), field('n', '1')),
  )
})

test('adds a model part where there is none', () => {
  expect(rewrite(form(field('n', '1')))).toBe(form(field('model', 'route-model'), field('n', '1')))
})

test('does not mistake text for a part', () => {
  const decoy = field('prompt', 'Content-Disposition: form-data; name="model"\r\n\r\nx')

  expect(rewrite(form(decoy, field('model', 'a')))).toBe(form(decoy, field('model', 'route-model')))
})

test('refuses two models', () => {
  expect(() => rewrite(form(field('model', 'a'), field('model', 'b')))).toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_AMBIGUOUS' }),
  )
})

test.each([
  ['an empty form', ''],
  ['a preamble', `x\r\n${form(field('model', 'a'))}`],
  ['no closing boundary', `--B\r\n${field('model', 'a')}\r\n`],
  ['an epilogue', `${form(field('model', 'a'))}more`],
  ['bare LF line breaks', form(field('model', 'a')).replaceAll('\r\n', '\n')],
  ['a part without a name', form('Content-Type: text/plain\r\n\r\nx')],
  ['name*', form('Content-Disposition: form-data; name*="utf-8\'\'model"\r\n\r\nx')],
  ['two names', form('Content-Disposition: form-data; name="a"; name="model"\r\n\r\nx')],
  ['an escaped name', form('Content-Disposition: form-data; name="mod\\el"\r\n\r\nx')],
  ['an unquoted name', form('Content-Disposition: form-data; name=model\r\n\r\nx')],
  [
    'two dispositions',
    form('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="model"\r\n\r\nx'),
  ],
  ['a folded header', form('Content-Disposition: form-data;\r\n name="model"\r\n\r\nx')],
  ['a bare CR in a header', form('Content-Disposition: form-data; name="a"\rX: name="model"\r\n\r\nx')],
  [
    'base64 parts',
    form('Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64\r\n\r\neA=='),
  ],
  [
    'nested parts',
    form('Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\nx'),
  ],
  ['a model of 1 MB', form(field('model', 'x'.repeat(1_000_000)))],
  ['a boundary that goes on', form(field('model', 'a')).replace('--B\r\n', '--Bx\r\n')],
])('refuses %s', (_, content) => {
  expect(() => rewrite(content)).toThrow(expect.objectContaining({ code: 'ERR_CONTENT_NOT_MULTIPART', status: 400 }))
})

test.each(['', 'x'.repeat(71), 'a b ', 'a\r\nb', 'é'])('refuses the boundary %j', (boundary) => {
  expect(() => rewrite(form(field('model', 'a')), boundary)).toThrow(
    expect.objectContaining({ code: 'ERR_CONTENT_NOT_MULTIPART' }),
  )
})
