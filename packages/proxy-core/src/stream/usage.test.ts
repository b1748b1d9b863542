import { expect, test } from 'vitest'
import { UsageMeter } from './usage.js'

function usageOf(isEventStream: boolean, ...chunks: string[]) {
  const meter = new UsageMeter(isEventStream)
  for (const chunk of chunks) {
    meter.push(Buffer.from(chunk))
  }
  return meter.result()
}

test('reads a chat completion, in pieces', () => {
  const answer = JSON.stringify({
    choices: [{ finish_reason: 'length' }],
    usage: { prompt_tokens: 9, completion_tokens: 12, prompt_tokens_details: { cached_tokens: 4 } },
  })

  expect(usageOf(false, answer.slice(0, 30), answer.slice(30))).toEqual({
    inputTokens: 9,
    outputTokens: 12,
    cachedInputTokens: 4,
    finishReason: 'length',
  })
})

test('reads a chat stream, whose counts come last and without choices', () => {
  expect(
    usageOf(
      true,
      'data: {"choices":[{"delta":{"content":"usage"},"finish_reason":null}],"usage":null}\n\n',
      'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
      'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
    ),
  ).toEqual({ inputTokens: 1, outputTokens: 2, finishReason: 'stop' })
})

test('reads a message stream, whose counts come at both ends', () => {
  expect(
    usageOf(
      true,
      'event: message_start\ndata: {"type":"message_start","message":{"stop_reason":null,"usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}\n\n',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}\n\n',
    ),
  ).toEqual({ inputTokens: 25, outputTokens: 15, cachedInputTokens: 7, finishReason: 'end_turn' })
})

test('reads a response stream', () => {
  expect(
    usageOf(
      true,
      'event: response.completed\ndata: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":3,"output_tokens":4,"input_tokens_details":{"cached_tokens":0}}}}\n\n',
    ),
  ).toEqual({ inputTokens: 3, outputTokens: 4, cachedInputTokens: 0, finishReason: 'completed' })
})

test.each([
  '',
  'not json "usage"',
  '{"usage":5}',
  '{"usage":{"prompt_tokens":"9"}}',
  '[]',
  '{"choices":{},"usage":null}',
])('finds nothing in %j', (text) => {
  expect(usageOf(false, text)).toEqual({})
})

test('does not keep a large answer', () => {
  const megabyte = ' '.repeat(1024 * 1024)

  expect(usageOf(false, ...Array.from({ length: 6 }, () => megabyte), '{"usage":{"prompt_tokens":1}}')).toEqual({})
})
