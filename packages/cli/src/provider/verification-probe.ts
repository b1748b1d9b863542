import type { InferenceProtocol } from '@nemoclaw/proxy-core/provider'

/** The smallest requests that show that a provider serves a model by one protocol. */
export interface VerificationProbe {
  readonly protocol: InferenceProtocol
  /** Path of ours; joined with the base URL as for any request. */
  readonly path: string
  /** Contents to try in order: providers differ in a field's name, and refuse the other. */
  readonly contents: (model: string) => readonly Readonly<Record<string, unknown>>[]
}

/** Enough for an answer of any kind, cheap with every provider. */
const TOKENS = 32
const MESSAGES = [{ role: 'user', content: 'ping' }] as const

/** In the order in which they are tried. Audio and images are left out: an answer there costs real money. */
const PROBES: readonly VerificationProbe[] = [
  {
    protocol: 'openai_chat_completions',
    path: '/v1/chat/completions',
    contents: (model) => [
      { model, messages: MESSAGES, max_tokens: TOKENS },
      { model, messages: MESSAGES, max_completion_tokens: TOKENS },
    ],
  },
  {
    protocol: 'openai_responses',
    path: '/v1/responses',
    contents: (model) => [{ model, input: 'ping', max_output_tokens: TOKENS }],
  },
  {
    protocol: 'anthropic_messages',
    path: '/v1/messages',
    contents: (model) => [{ model, max_tokens: TOKENS, messages: MESSAGES }],
  },
  {
    protocol: 'openai_completions',
    path: '/v1/completions',
    contents: (model) => [{ model, prompt: 'ping', max_tokens: TOKENS }],
  },
  {
    protocol: 'openai_embeddings',
    path: '/v1/embeddings',
    // Some embedding models want to know on which side of a search the text stands.
    contents: (model) => [
      { model, input: ['ping'] },
      { model, input: ['ping'], input_type: 'query' },
    ],
  },
  {
    protocol: 'rerank',
    path: '/v1/rerank',
    contents: (model) => [{ model, query: 'ping', documents: ['pong'] }],
  },
  {
    protocol: 'openai_moderations',
    path: '/v1/moderations',
    contents: (model) => [{ model, input: 'ping' }],
  },
]

export function verificationProbes(protocols: readonly InferenceProtocol[]): readonly VerificationProbe[] {
  return PROBES.filter(({ protocol }) => protocols.includes(protocol))
}
