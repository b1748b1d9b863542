import { describe, expect, test } from 'vitest'
import { startTestProxy } from '../proxy/start-test-proxy.js'
import { converse } from './converse.js'
import { post } from './post.js'
import { startRecordingUpstream } from './recording-upstream.js'

/** Contents that ask the provider to reach out by itself. */
const REACHING_OUT = [
  '{"tools":[{"type":"web_search"}]}',
  '{"tools":[{"type":"web_search_preview"}]}',
  '{"tools":[{"type":"web_search_preview_2025_03_11"}]}',
  '{"tools":[{"type":"web_search_20250305","name":"web_search"}]}',
  '{"tools":[{"type":"web_fetch_20250910","name":"web_fetch"}]}',
  '{"tools":[{"type":"code_execution_20250522","name":"code_execution"}]}',
  '{"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}',
  '{"tools":[{"type":"mcp","server_url":"https://evil.example"}]}',
  '{"tools":[{"type":"mcp_toolset"}]}',
  '{"tools":[{"type":"file_search"}]}',
  '{"tools":[{"type":"image_generation"}]}',
  '{"tools":[{"type":"Web_Search"}]}',
  '{"tools":[{"type":"FUNCTION"}]}',
  '{"tools":[{"type":"function "}]}',
  '{"tools":[{"type":"function\\u0000"}]}',
  '{"tools":[{"type":"functions"}]}',
  '{"tools":[{"type":"tool_of_the_future_2099"}]}',
  '{"tools":[{"type":"computer_x"}]}',
  '{"tools":[{"type":1}]}',
  '{"tools":[{"type":["function"]}]}',
  '{"tools":[{"type":{"toString":"function"}}]}',
  '{"tools":[{"type":"function"},{"type":"web_search"}]}',
  '{"tools":[{"type":"web_search","type":"function"}]}',
  '{"tools":[{"type":"function","type":"web_search"}]}',
  '{"tools":[{"ty\\u0070e":"web_search"}]}',
  '{"tools":[{"type":"function","t\\u0079pe":"web_search"}]}',
  '{"too\\u006cs":[{"type":"web_search"}]}',
  '{"tools":[],"tools":[{"type":"web_search"}]}',
  '{"tools":[{"type":"web_search"}],"tools":[]}',
  '{"tools":null,"tools":[{"type":"web_search"}]}',
  '{"tools":{"0":{"type":"web_search"}}}',
  '{"tools":"web_search"}',
  '{"tools":["web_search"]}',
  '{"tools":[[{"type":"web_search"}]]}',
  '{"mcp_servers":[{"type":"url","url":"https://evil.example"}]}',
  '{"mcp_server\\u0073":[]}',
  '{"web_search_options":{}}',
  '{"plugins":[{"id":"web"}]}',
  '{"search_parameters":{"mode":"on"}}',
  `{"tools":[${Array.from({ length: 70_000 }, () => '{"type":"function"}').join()},{"type":"web_search"}]}`,
]

/** Contents whose tools the client runs. */
const OF_THE_CLIENT = [
  '{"tools":[]}',
  '{"tools":null}',
  '{"tools":[{"type":"function","function":{"name":"web_search","parameters":{"type":"object"}}}]}',
  '{"tools":[{"name":"get_weather","input_schema":{"type":"object"}}]}',
  '{"tools":[{"type":"custom","name":"x"}]}',
  '{"tools":[{"type":null,"name":"x"}]}',
  '{"tools":[{"type":"bash_20250124","name":"bash"}]}',
  '{"tools":[{"type":"text_editor_20250728","name":"str_replace_based_edit_tool"}]}',
  '{"tools":[{"type":"computer_20250124","name":"computer"},{"type":"memory_20250818","name":"memory"}]}',
  '{"tools":[{"type":"local_shell"},{"type":"apply_patch"},{"type":"computer_use_preview"}]}',
  '{"messages":[{"role":"user","content":"{\\"tools\\":[{\\"type\\":\\"web_search\\"}]}"}]}',
  `{"input":[${Array.from({ length: 20_000 }, (_, index) => index).join()}]}`,
  '{"metadata":{"tools":[{"type":"web_search"}],"mcp_servers":[]}}',
]

describe('tools that the provider runs itself (class 97)', () => {
  test.each(REACHING_OUT)('%.90s gets 403 where the route denies them', async (content) => {
    for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages']) {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url, serverTools: 'deny' })

      const { answers } = await converse(proxy, 'tunnel', post(content, { path }))

      expect(answers).toEqual([expect.objectContaining({ status: 403, code: 'server_tool_denied' })])
      expect(upstream.bytes).toBe('')
    }
  })

  test.each(OF_THE_CLIENT)('%.90s is served all the same', async (content) => {
    await using upstream = await startRecordingUpstream()
    await using proxy = await startTestProxy({ baseUrl: upstream.url, serverTools: 'deny' })

    const { answers, wire } = await converse(proxy, 'tunnel', post(content))

    expect(answers[0]?.status, wire).toBe(200)
    expect(upstream.bytes).toContain(content.slice(1, -1))
  })

  test.each(REACHING_OUT.filter((content) => content.length < 1_000))(
    '%.90s is sent on untouched where the route allows them',
    async (content) => {
      await using upstream = await startRecordingUpstream()
      await using proxy = await startTestProxy({ baseUrl: upstream.url, serverTools: 'allow' })

      const { answers } = await converse(proxy, 'tunnel', post(content))

      expect(answers[0]?.status).toBe(200)
      expect(upstream.bytes).toContain(content.slice(1, -1))
    },
  )
})
