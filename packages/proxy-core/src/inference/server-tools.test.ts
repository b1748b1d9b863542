import { expect, test } from 'vitest'
import { scanJsonObject } from './json-scan.js'
import { refuseServerTools } from './server-tools.js'

const check = (...tools: readonly unknown[]) => {
  const content = Buffer.from(JSON.stringify({ tools }))
  refuseServerTools(content, scanJsonObject(content))
}
const DENIED = expect.objectContaining({ code: 'ERR_SERVER_TOOL_DENIED', status: 403 })

test('lets tools pass that the client runs, also those that a namespace groups', () => {
  check(
    { type: 'function', name: 'exec_command' },
    { name: 'Read', input_schema: {} },
    { type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'spawn' }] },
  )
})

test.each([
  ['by itself', { type: 'web_search' }],
  ['in a namespace', { type: 'namespace', tools: [{ type: 'function' }, { type: 'web_search' }] }],
  ['in a namespace of a namespace', { type: 'namespace', tools: [{ type: 'namespace', tools: [{ type: 'mcp' }] }] }],
])('refuses a tool that the provider runs, %s', (_where, tool) => {
  expect(() => check(tool)).toThrow(DENIED)
})

test('refuses a tool that comes with the conversation', () => {
  const ask = (tool: unknown) => {
    const input = ['text', { role: 'user', content: 'Hi' }, { type: 'additional_tools', tools: [tool] }]
    const content = Buffer.from(JSON.stringify({ input }))
    refuseServerTools(content, scanJsonObject(content))
  }

  ask({ type: 'namespace', tools: [{ type: 'custom', name: 'exec' }] })
  expect(() => ask({ type: 'web_search' })).toThrow(DENIED)
})

test('refuses the second of two lists in a namespace', () => {
  const content = Buffer.from('{"tools":[{"type":"namespace","tools":[],"tools":[{"type":"web_search"}]}]}')

  expect(() => refuseServerTools(content, scanJsonObject(content))).toThrow(DENIED)
})

test('a name in another letter case is not overlooked', () => {
  for (const content of [
    '{"Tools":[{"type":"web_search"}]}',
    '{"tools":[{"Type":"web_search"}]}',
    '{"MCP_Servers":[]}',
  ]) {
    const bytes = Buffer.from(content)

    expect(() => refuseServerTools(bytes, scanJsonObject(bytes)), content).toThrow(DENIED)
  }
})
