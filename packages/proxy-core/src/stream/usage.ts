/** What an answer cost, in tokens, as the provider counted them. Names follow OpenTelemetry GenAI. */
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  /** Of the input, read from the provider's prompt cache. */
  readonly cachedInputTokens?: number
  /** Why the model stopped, in the provider's word, e.g. `stop`, `end_turn`, `max_tokens`. */
  readonly finishReason?: string
}

/** A larger answer that is no event stream is not looked into: images and audio have no use for it. */
const MAX_JSON_BYTES = 4 * 1024 * 1024
const FINISH = /"(?:usage|finish_reason|stop_reason)"/

/**
 * Reads token counts out of an answer that passes by. It never changes a byte, and what it cannot read is left out.
 */
export class UsageMeter {
  readonly #isEventStream: boolean
  #json: Buffer[] = []
  #jsonBytes = 0
  #usage: Usage = {}

  /** @param isEventStream - Whether `push` gets whole server-sent events; JSON in any pieces otherwise. */
  constructor(isEventStream: boolean) {
    this.#isEventStream = isEventStream
  }

  push(chunk: Buffer): void {
    if (this.#isEventStream) {
      // Of a thousand events two or three matter, and a search for these words costs next to nothing.
      if (chunk.includes('"usage"') || chunk.includes('_reason"')) {
        this.#readEvents(chunk.toString())
      }
    } else if (this.#jsonBytes <= MAX_JSON_BYTES) {
      this.#json.push(chunk)
      this.#jsonBytes += chunk.length
    }
  }

  /** @returns What was found; call it once, at the end. */
  result(): Usage {
    if (!this.#isEventStream && this.#jsonBytes <= MAX_JSON_BYTES) {
      const text = Buffer.concat(this.#json).toString()
      if (FINISH.test(text)) {
        this.#readJson(text)
      }
    }
    this.#json = []
    return this.#usage
  }

  #readEvents(events: string): void {
    for (const line of events.split(/\r\n|\n|\r/)) {
      if (line.startsWith('data:') && FINISH.test(line)) {
        this.#readJson(line.slice('data:'.length))
      }
    }
  }

  #readJson(text: string): void {
    try {
      this.#usage = { ...this.#usage, ...usageOf(JSON.parse(text)) }
    } catch {
      // A provider's malformed event is the client's to see; here it only means that nothing is counted.
    }
  }
}

/** Finds counts where the dialects have them: at the top, in `message` (Anthropic) or in `response` (Responses). */
function usageOf(answer: unknown): Usage {
  const outer = record(answer)
  const inner = record(outer['message'] ?? outer['response'])
  const usage = record(outer['usage'] ?? inner['usage'])
  const choice = record((outer['choices'] as unknown[] | undefined)?.[0])
  const cached =
    usage['cache_read_input_tokens'] ??
    record(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])['cached_tokens']
  const finishReason =
    choice['finish_reason'] ?? record(outer['delta'])['stop_reason'] ?? outer['stop_reason'] ?? inner['status']
  return {
    ...counted('inputTokens', usage['input_tokens'] ?? usage['prompt_tokens']),
    ...counted('outputTokens', usage['output_tokens'] ?? usage['completion_tokens']),
    ...counted('cachedInputTokens', cached),
    ...(typeof finishReason === 'string' && { finishReason: finishReason.slice(0, 64) }),
  }
}

function counted(name: keyof Usage, value: unknown): Usage {
  return Number.isSafeInteger(value) ? { [name]: value } : {}
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
