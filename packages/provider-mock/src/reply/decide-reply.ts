import type { Misbehaviour } from '../fault/misbehaviour.js'
import { exampleValue } from './example-value.js'
import type { OfferedTool, Question, Reply } from './reply.js'

/** Characters of the question that are repeated; a megabyte of it would help nobody. */
const MAX_ECHO_CHARACTERS = 2_000
const HUGE_PIECE_BYTES = 64 * 1024

/**
 * What the model says. The same question always gets the same answer.
 *
 * @param credential - Received credential, for `mock/echo-credential`.
 */
export function decideReply(question: Question, model: string, misbehaviour: Misbehaviour, credential: string): Reply {
  const tool = misbehaviour.tools === 'never' ? undefined : chooseTool(question, misbehaviour.tools === 'always')
  if (tool) {
    return { kind: 'tool_call', name: tool.name, arguments: exampleValue(tool.schema) }
  }
  if (misbehaviour.replyBytes !== undefined) {
    return { kind: 'text', pieces: hugePieces(misbehaviour.replyBytes) }
  }
  if (question.textSchema !== undefined) {
    return { kind: 'text', pieces: pieces(JSON.stringify(exampleValue(question.textSchema))) }
  }
  const echo = [...question.text.slice(0, MAX_ECHO_CHARACTERS)].join('')
  const more = question.text.length > MAX_ECHO_CHARACTERS ? '…' : ''
  const reflected = misbehaviour.echoesCredential ? ` Your credential is ${credential} and that is all.` : ''
  return {
    kind: 'text',
    pieces: pieces(`You asked: "${echo}${more}". I am the mock provider, and this is model ${model}.${reflected}`),
  }
}

function chooseTool({ tools, toolChoice, endsWithToolResult }: Question, always: boolean): OfferedTool | undefined {
  if (always) {
    return tools[0] ?? { name: 'mock_tool', schema: {} }
  }
  if (toolChoice === 'none') {
    return undefined
  }
  const named = tools.find(({ name }) => name === toolChoice)
  if (named || toolChoice === 'any') {
    return named ?? tools[0]
  }
  return endsWithToolResult ? undefined : tools[0]
}

/** Words with the space before them, as tokens are. */
function pieces(text: string): readonly string[] {
  return text.match(/\s*\S{1,24}|\s+$/gu) ?? []
}

function hugePieces(bytes: number): readonly string[] {
  const piece = 'All work and no play. '.repeat(HUGE_PIECE_BYTES / 22 + 1).slice(0, HUGE_PIECE_BYTES)
  const whole = Array.from({ length: Math.floor(bytes / HUGE_PIECE_BYTES) }, () => piece)
  return bytes % HUGE_PIECE_BYTES === 0 ? whole : [...whole, piece.slice(0, bytes % HUGE_PIECE_BYTES)]
}
