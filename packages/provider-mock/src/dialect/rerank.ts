import { type Answer, jsonAnswer } from '../answer/answer.js'
import { tokenCount } from '../reply/token-count.js'
import { member } from './content-text.js'
import { type MockExchange, mockId } from './exchange.js'

/** POST /v1/rerank, in the shape that Jina, vLLM and others share: best first, by words in common with the query. */
export function rerank(exchange: MockExchange): Answer {
  const { query, documents, top_n: topN, return_documents: withDocuments } = exchange.body as Record<string, unknown>
  const texts = (Array.isArray(documents) ? documents : []).map(documentText)
  const wanted = words(typeof query === 'string' ? query : '')
  const results = texts
    .map((text, index) => ({
      index,
      relevance_score: relevance(wanted, words(text)),
      ...(withDocuments !== false && { document: { text } }),
    }))
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
  return jsonAnswer({
    id: mockId('rerank-', exchange),
    model: exchange.model,
    results: typeof topN === 'number' ? results.slice(0, topN) : results,
    usage: { prompt_tokens: tokenCount([query, texts]), total_tokens: tokenCount([query, texts]) },
  })
}

function documentText(document: unknown): string {
  const text = typeof document === 'string' ? document : member(document, 'text')
  return typeof text === 'string' ? text : ''
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/\p{L}+/gu) ?? [])
}

/** Share of the query's words that the document has, 0 to 1. */
function relevance(wanted: ReadonlySet<string>, found: ReadonlySet<string>): number {
  return wanted.size === 0 ? 0 : [...wanted].filter((word) => found.has(word)).length / wanted.size
}
