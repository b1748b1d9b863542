import { ProxyError } from '../proxy-error.js'
import { guardedName } from './guarded-name.js'
import { type Span, scanJsonArray, scanJsonObject, type TopLevelMember } from './json-scan.js'

/**
 * Tools the *client* runs and only tells the model of. Everything else (web search and fetch, code execution,
 * remote MCP servers, and what is invented next) runs at the provider, out of reach of the egress policy.
 */
const CLIENT_TOOL =
  /^(?:function|custom|bash_\d+|text_editor_\d+|computer_\d+|computer_use_preview|memory_\d+|local_shell|apply_patch)$/

/** Members that ask the provider to reach out without being tools. */
const REACHING_OUT: ReadonlySet<string> = new Set(['mcp_servers', 'web_search_options', 'search_parameters', 'plugins'])
const TOOLS: ReadonlySet<string> = new Set(['tools'])
const INPUT: ReadonlySet<string> = new Set(['input'])
const TYPE: ReadonlySet<string> = new Set(['type'])

/**
 * Refuses a request that asks for tools which the provider runs itself, for routes that deny them.
 *
 * @param content - JSON that has been scanned.
 * @param members - Its outermost members.
 * @throws {ProxyError} `ERR_SERVER_TOOL_DENIED` (403).
 */
export function refuseServerTools(content: Buffer, members: readonly TopLevelMember[]): void {
  const reachingOut = members.find(({ name }) => guardedName(name, REACHING_OUT))
  if (reachingOut) {
    throw denied(`"${reachingOut.name}"`)
  }
  const lists = members.filter(({ name }) => guardedName(name, TOOLS))
  if (lists.length > 1) {
    throw denied('two "tools" members')
  }
  for (const { value } of lists) {
    checkTools(slice(content, value))
  }
  for (const { value } of members.filter(({ name }) => guardedName(name, INPUT))) {
    checkInput(slice(content, value))
  }
}

/** A conversation may bring tools along: the Responses dialect has an item `additional_tools`, used by its own agent. */
function checkInput(input: Buffer): void {
  if (input[0] !== 0x5b /* [ */) {
    return
  }
  for (const span of readable(() => scanJsonArray(input))) {
    const item = slice(input, span)
    const members = item[0] === 0x7b /* { */ ? readable(() => scanJsonObject(item)) : []
    for (const { value } of members.filter(({ name }) => guardedName(name, TOOLS))) {
      checkTools(slice(item, value))
    }
  }
}

function checkTools(list: Buffer, isNested = false): void {
  if (list.toString('latin1') === 'null') {
    return
  }
  if (list[0] !== 0x5b /* [ */) {
    throw denied('"tools" that are no list')
  }
  for (const tool of readable(() => scanJsonArray(list))) {
    checkTool(slice(list, tool), isNested)
  }
}

/** What has been checked once already can only be too large. */
function readable<Part>(scan: () => Part): Part {
  try {
    return scan()
  } catch {
    throw denied('more tools or items than can be checked')
  }
}

/** Every `type` counts: a parser keeps one of two, and the provider's may keep another than ours. */
function checkTool(tool: Buffer, isNested: boolean): void {
  if (tool[0] !== 0x7b /* { */) {
    throw denied('a tool that is no object')
  }
  const members = readable(() => scanJsonObject(tool))
  for (const { value } of members.filter(({ name }) => guardedName(name, TYPE))) {
    const type: unknown = JSON.parse(slice(tool, value).toString())
    // A name for several tools, each of any kind. One level: no client sends more, and each costs a scan.
    if (type === 'namespace' && !isNested) {
      for (const list of members.filter(({ name }) => guardedName(name, TOOLS))) {
        checkTools(slice(tool, list.value), true)
      }
      continue
    }
    // Some dialects' own tools have no type; those are the client's.
    if (type !== null && !(typeof type === 'string' && CLIENT_TOOL.test(type))) {
      throw denied(`the tool type ${JSON.stringify(type).slice(0, 64)}`)
    }
  }
}

function slice(content: Buffer, { start, end }: Span): Buffer {
  return content.subarray(start, end)
}

function denied(what: string): ProxyError {
  return new ProxyError(
    'ERR_SERVER_TOOL_DENIED',
    `This route denies tools that the provider runs itself, and the request names ${what}.`,
  )
}
