import { printableLine } from '../report/printable.js'

const MAX_CHARACTERS = 200
const REDACTED = '[redacted]'
/** A shared piece of this length is no accident. */
const TELLING_LENGTH = 8
/** With mask characters beside it, this much is a piece of the key. */
const MASKED_LENGTH = 3
const MASK = /\*{2,}|[•●…]|\.{3,}|x{4,}|X{4,}/
const WORD = /[^\s"'`,;:()<>[\]{}=]+/g

/**
 * What a provider said, fit to be shown: its own message where there is one, at most 200 characters, without the
 * credentials in any of the forms in which providers repeat it: whole, encoded, cut, or `sk-proj-abc***xyz`.
 */
export function scrubAnswer(content: string, secrets: readonly string[]): string {
  const said = messageIn(content).replace(/\s+/g, ' ').trim()
  const scrubbed = secrets.filter((secret) => secret !== '').reduce(withoutSecret, said)
  const line = printableLine(scrubbed)
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS - 1)}…` : line
}

/** OpenAI and Anthropic `error.message`, and what others made of it; else the text as it is. */
function messageIn(content: string): string {
  try {
    const value: unknown = JSON.parse(content)
    for (const path of [['error', 'message'], ['error'], ['message'], ['detail'], ['title']]) {
      const found = path.reduce<unknown>(
        (at, key) => (typeof at === 'object' && at ? Reflect.get(at, key) : undefined),
        value,
      )
      if (typeof found === 'string' && found !== '') return found
    }
  } catch {
    // Not JSON: a gateway's page, or a cut answer.
  }
  return content
}

function withoutSecret(text: string, secret: string): string {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64]
  const plain = forms.reduce((masked, form) => masked.replaceAll(form, REDACTED), text)
  return plain.replace(WORD, (word) => (isPieceOf(secret, word) ? REDACTED : word))
}

function isPieceOf(secret: string, word: string): boolean {
  if (word === REDACTED) return false
  const length = MASK.test(word) ? MASKED_LENGTH : TELLING_LENGTH
  if (length === MASKED_LENGTH) {
    const pieces = word
      .split(new RegExp(`(?:${MASK.source})+`))
      .map((piece) => piece.replace(/[.!?]+$/, ''))
      .filter((piece) => piece.length >= length)
    return pieces.some((piece) => secret.includes(piece))
  }
  for (let start = 0; start + length <= word.length; start += 1) {
    if (secret.includes(word.slice(start, start + length))) return true
  }
  return false
}
