/** About as many tokens as a real tokeniser would count: one for four bytes, never none. */
export function tokenCount(value: unknown): number {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return Math.max(1, Math.ceil(Buffer.byteLength(text) / 4))
}
