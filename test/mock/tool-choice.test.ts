import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { answerTo } from './ask-mock.js'

test('a deferred tool is passed over, as it is by a model that has not loaded it', async () => {
  await using provider = await startMockProvider()

  const { content } = await answerTo(provider, '/messages', {
    model: 'mock/echo',
    max_tokens: 32,
    messages: [{ role: 'user', content: 'Hello' }],
    tools: [
      { name: 'placeholder', input_schema: { type: 'object' }, defer_loading: true },
      { name: 'read', input_schema: { type: 'object', properties: {} } },
    ],
  })

  expect(content).toEqual([expect.objectContaining({ type: 'tool_use', name: 'read' })])
})
