import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { decodeResponse, encodeLine } from './keychain-protocol.js'

test('carries any text in one line', async () => {
  const value = 'a\nb\r\u2028c\u2029"\\\u2028'
  const lines: string[] = []

  for await (const line of createInterface({
    input: Readable.from([encodeLine({ id: 1, outcome: 'done', value, existed: true })]),
  })) {
    lines.push(line)
  }

  expect(lines).toHaveLength(1)
  expect(decodeResponse(lines[0] as string)).toEqual({ id: 1, outcome: 'done', value, existed: true })
})

test.each(['', 'GLib-WARNING **: something', '{}', '[1]', 'null'])('takes %j for no answer', (line) => {
  expect(decodeResponse(line)).toBeUndefined()
})
