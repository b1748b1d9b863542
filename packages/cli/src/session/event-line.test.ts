import { expect, test } from 'vitest'
import { jsonLine, type LogEvent, textLine } from './event-line.js'

const NOW = new Date('2026-11-24T15:00:00.123Z')
const EXCHANGE: LogEvent = {
  kind: 'exchange',
  id: '0001',
  method: 'POST',
  path: '/v1/chat/completions',
  modelRequested: 'a\u0007\u001b]0;owned\u0007\u009b31m\r\n\u202egpj',
  modelServed: 'm',
  provider: 'p',
  status: 200,
  totalMs: 12.5,
  firstByteMs: 3,
  requestBytes: 10,
  responseBytes: 20,
  outcome: 'complete',
}

test('a line of text is one line that no terminal acts on', () => {
  expect(textLine(EXCHANGE, NOW)).toBe(
    '15:00:00.123  200       POST /v1/chat/completions  ' +
      'a\\u0007\\u001b]0;owned\\u0007\\u009b31m\\u000d\\n\\u202egpj -> m  via p  12.5 ms  first byte 3 ms  10 B in, 20 B out',
  )
})

test('a line of JSON says the same as the event, with C1 and bidirectional controls escaped too', () => {
  const line = jsonLine(EXCHANGE, NOW)

  expect(JSON.parse(line)).toEqual({ time: '2026-11-24T15:00:00.123Z', ...EXCHANGE })
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
})

test('what was denied, broken, or is about to end says so in capitals at the same column', () => {
  const lines: readonly LogEvent[] = [
    { kind: 'egress', id: '1', method: 'CONNECT', target: 'example.com:443', action: 'deny', reason: 'no policy' },
    { kind: 'config', action: 'kept_last_good', detail: 'config.json is not valid JSON' },
    { kind: 'config', action: 'unusable', detail: 'no route is set' },
    { kind: 'lifecycle', action: 'draining', exchangesUnderWay: 2 },
    { kind: 'lifecycle', action: 'lines_lost', lines: 3 },
    { kind: 'fault', id: '2', error: Object.assign(new Error('boom'), { stack: 'Error: boom\n    at x' }) },
  ]

  expect(lines.map((event) => textLine(event, NOW).slice('15:00:00.123  '.length))).toEqual([
    'DENY      CONNECT example.com:443  no policy',
    'CONFIG    NOT APPLIED, the last good one stays in force: config.json is not valid JSON',
    'ROUTE     NOT USABLE: no route is set',
    'PROXY     draining: 2 exchanges under way; another signal ends them at once',
    'PROXY     3 lines of this log were lost: they could not be written in time',
    'FAULT     2: Error: boom\\n    at x',
  ])
})
