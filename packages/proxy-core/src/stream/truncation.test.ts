import { expect, test } from 'vitest'
import { looksWhole } from './truncation.js'

test.each([
  'data: {"choices":[]}\n\ndata: [DONE]\n\n',
  'data:[DONE]',
  'data: [DONE]\r\n\r\n',
  'data: [DONE]\r\r',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  'data: {"type":"message_stop"}\n\n',
  'data: {"type": "message_stop"}\n\n',
  'event: response.completed\ndata: {"response":{}}\n\n',
  'data: {"sequence_number":7,"type":"response.completed","response":{}}\n\n',
  'data: {"type":"response.failed"}\n\n',
  'data: {"type":"response.incomplete"}\n\n',
  'event: error\ndata: {"type":"error","error":{}}\n\n',
  'data: {"error":{"message":"x"}}\n\n',
  'data: [DONE]\n\n: ping\n\n',
])('%j is the end of a stream', (events) => {
  expect(looksWhole('events', Buffer.from(events))).toBe(true)
})

test.each([
  '',
  'data: {"choices":[]}\n\n',
  ': ping\n\n',
  'data: {"content":"[DONE]"}\n\n',
  'data: {"content":"data: [DONE]"}\n\n',
  'data: {"content":"\\n\\ndata: [DONE]"}\n\n',
  'data: {"content":"\\"type\\":\\"message_stop\\""}\n\n',
  'data: {"content":"event: error"}\n\n',
  'data: {"delta":{"content":"error"},"error":null}\n\n',
  'event: message_start\ndata: {"type":"message_start"}\n\n',
  'event: response.completed_not\ndata: {}\n\n',
  'data: [DON',
])('%j is not', (events) => {
  expect(looksWhole('events', Buffer.from(events))).toBe(false)
})

test('JSON is whole when it ends in a closing bracket, other content always', () => {
  expect(looksWhole('json', Buffer.from('{"a":[1]}\n'))).toBe(true)
  expect(looksWhole('json', Buffer.from('[1]'))).toBe(true)
  expect(looksWhole('json', Buffer.from('{"a":"x'))).toBe(false)
  expect(looksWhole('json', Buffer.from(''))).toBe(false)
  expect(looksWhole('other', Buffer.from('x'))).toBe(true)
})
