import { expect, test } from 'vitest'
import { EventStream } from './event-stream.js'

const push = (stream: EventStream, text: string) => Buffer.concat(stream.push(Buffer.from(text))).toString()

test('passes whole events at once and holds the beginning of the next', () => {
  const stream = new EventStream()

  expect(push(stream, 'data: 1\n\n')).toBe('data: 1\n\n')
  expect(push(stream, 'data: 2\n\ndata: ')).toBe('data: 2\n\n')
  expect(push(stream, '3')).toBe('')
  expect(push(stream, '\n\n')).toBe('data: 3\n\n')
})

test.each(['\n\n', '\r\n\r\n', '\r\r'])('finds the end %j wherever the chunks are cut', (end) => {
  const text = `event: a\ndata: 1${end}data: 2${end}`
  for (let cut = 1; cut < text.length; cut++) {
    const stream = new EventStream()

    const passed = push(stream, text.slice(0, cut)) + push(stream, text.slice(cut))

    expect(passed.replace(/\n$/, '')).toBe(text.replace(/\n$/, ''))
    expect(stream.insideEvent).toBe(false)
  }
})

test('loses no byte of any stream, however it is cut', () => {
  const text = ': comment\n\ndata: é\r\n\r\ndata: no blank line at the end\n'
  const bytes = Buffer.from(text)
  for (let size = 1; size < 7; size++) {
    const stream = new EventStream()
    const out: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) {
      out.push(...stream.push(bytes.subarray(at, at + size)))
    }

    expect(Buffer.concat([...out, ...stream.flush()]).toString()).toBe(text)
  }
})

test('does not hold an event of ten megabytes', () => {
  const stream = new EventStream()
  let passed = 0
  for (let index = 0; index < 160; index++) {
    passed += stream.push(Buffer.alloc(64 * 1024, 0x61)).reduce((sum, { length }) => sum + length, 0)
  }

  expect(passed).toBeGreaterThan(8 * 1024 * 1024)
  expect(stream.insideEvent).toBe(true)
})
