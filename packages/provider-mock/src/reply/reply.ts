/** What the model says, before a dialect words it. */
export type Reply =
  | { readonly kind: 'text'; readonly pieces: readonly string[] }
  | { readonly kind: 'tool_call'; readonly name: string; readonly arguments: unknown }

/** A tool the request offers, in whichever dialect. */
export interface OfferedTool {
  readonly name: string
  /** JSON Schema of its arguments. */
  readonly schema: unknown
}

/** What every dialect can say of a question. */
export interface Question {
  /** Text of the last thing the user said. */
  readonly text: string
  readonly tools: readonly OfferedTool[]
  /** `none`, `any` (some tool must be called) or a tool's name; undefined leaves it to the model. */
  readonly toolChoice?: string
  /** Whether the conversation ends with the result of a tool. */
  readonly endsWithToolResult: boolean
  /** JSON Schema the text must follow; `{}` for any object. */
  readonly textSchema?: unknown
}

export function replyText(reply: Reply): string {
  return reply.kind === 'text' ? reply.pieces.join('') : ''
}
