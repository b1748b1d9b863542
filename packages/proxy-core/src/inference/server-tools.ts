import { ProxyError } from '../proxy-error.js'

/**
 * Tools the *client* runs and only tells the model of. Everything else (web search and fetch, code execution,
 * remote MCP servers, and what is invented next) runs at the provider, out of reach of the egress policy.
 */
const CLIENT_TOOL = /^(?:function|custom|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+|local_shell|apply_patch)$/

/**
 * Refuses a request that asks for tools which the provider runs itself, for routes that deny them.
 *
 * @param content - A JSON object, already checked: one `tools` at most is read, two are refused.
 * @throws {ProxyError} `ERR_SERVER_TOOL_DENIED` (403).
 */
export function refuseServerTools(content: Buffer, memberNames: readonly string[]): void {
  if (memberNames.filter((name) => name === 'tools').length > 1) {
    throw denied('two "tools" members')
  }
  for (const name of ['mcp_servers', 'web_search_options', 'plugins']) {
    if (memberNames.includes(name)) {
      throw denied(`"${name}"`)
    }
  }
  if (!memberNames.includes('tools')) {
    return
  }
  const { tools } = JSON.parse(content.toString()) as { tools: unknown }
  for (const tool of Array.isArray(tools) ? tools : []) {
    const type = (tool as { type?: unknown } | null)?.type
    // Anthropic's own tools without a type are the client's.
    if (type !== undefined && type !== null && !(typeof type === 'string' && CLIENT_TOOL.test(type))) {
      throw denied(`the tool type ${JSON.stringify(type).slice(0, 64)}`)
    }
  }
}

function denied(what: string): ProxyError {
  return new ProxyError(
    'ERR_SERVER_TOOL_DENIED',
    `This route denies tools that the provider runs itself, and the request names ${what}.`,
  )
}
