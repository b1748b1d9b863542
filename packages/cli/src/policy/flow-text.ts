type FlowValue = string | number | readonly FlowValue[] | { readonly [key: string]: FlowValue }

/** How values are quoted: like the rest of the file, so that JSON stays JSON. */
export type FlowStyle = 'yaml' | 'json'

const WORDS = /^(?:true|false|null|~)$/i
const PLAIN = /^(?:[a-z_][a-z0-9_.-]*|\d+(?:\.\d+){3}|\/[\w.+-][\w./+-]*)$/i

/** A value in one line: `{ host: api.example.com, port: 443 }`. */
export function flowText(value: FlowValue, style: FlowStyle): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return scalarText(value, style)
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, style)).join(', ')}]`
  const entries = Object.entries(value).map(([key, item]) => `${scalarText(key, style)}: ${flowText(item, style)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

export function scalarText(text: string, style: FlowStyle): string {
  return style === 'yaml' && PLAIN.test(text) && !WORDS.test(text) ? text : JSON.stringify(text)
}
