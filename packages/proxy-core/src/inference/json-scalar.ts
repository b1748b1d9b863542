/** Why content is no JSON that we forward, and at which byte. */
export class JsonScanError extends Error {
  constructor(
    reason: string,
    readonly offset: number,
  ) {
    super(`${reason} at byte ${offset}`)
  }
}

enum Byte {
  Quote = 0x22,
  Plus = 0x2b,
  Minus = 0x2d,
  Dot = 0x2e,
  Zero = 0x30,
  Backslash = 0x5c,
  LetterU = 0x75,
}

// Tables, not texts: a content made of nothing but escapes or literals must not hold up everybody else.
const ESCAPED = new Uint8Array(256)
for (const letter of Buffer.from('"\\/bfnrt')) {
  ESCAPED[letter] = 1
}
const HEX_DIGIT = new Int8Array(256).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  HEX_DIGIT[digit.charCodeAt(0)] = value
  HEX_DIGIT[digit.toUpperCase().charCodeAt(0)] = value
}
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

/** @returns Where the string, number or literal that begins at `at` ends. @throws {JsonScanError} */
export function endOfScalar(content: Buffer, at: number): number {
  const byte = content[at]
  if (byte === Byte.Quote) {
    return endOfString(content, at)
  }
  return byte === Byte.Minus || isDigit(byte) ? endOfNumber(content, at) : endOfLiteral(content, at)
}

/** @param start - Of the opening quote. @returns Behind the closing one. @throws {JsonScanError} */
export function endOfString(content: Buffer, start: number): number {
  let at = start + 1
  for (;;) {
    let byte = content[at]!
    while (byte !== Byte.Quote && byte !== Byte.Backslash && byte >= 0x20) {
      byte = content[++at]!
    }
    if (at >= content.length) {
      throw new JsonScanError('unterminated string', at)
    }
    if (byte === Byte.Quote) {
      return at + 1
    }
    if (byte !== Byte.Backslash) {
      throw new JsonScanError('unescaped control character in a string', at)
    }
    at = endOfEscape(content, at)
  }
}

/** @returns The offset behind the escape, or behind both halves of a surrogate pair. */
function endOfEscape(content: Buffer, at: number): number {
  const letter = content[at + 1]
  if (letter !== Byte.LetterU) {
    if (letter === undefined || ESCAPED[letter] === 0) {
      throw new JsonScanError('unknown escape', at)
    }
    return at + 2
  }
  const unit = codeUnit(content, at)
  if (unit < 0xd800 || unit > 0xdfff) {
    return at + 6
  }
  const pairs = content[at + 6] === Byte.Backslash && content[at + 7] === Byte.LetterU
  const low = pairs ? codeUnit(content, at + 6) : 0
  if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
    throw new JsonScanError('lone surrogate', at)
  }
  return at + 12
}

function codeUnit(content: Buffer, at: number): number {
  let unit = 0
  for (let index = at + 2; index < at + 6; index++) {
    const digit = HEX_DIGIT[content[index]!] ?? -1
    if (digit < 0) {
      throw new JsonScanError('expected four hexadecimal digits', at)
    }
    unit = unit * 16 + digit
  }
  return unit
}

function endOfNumber(content: Buffer, start: number): number {
  let at = content[start] === Byte.Minus ? start + 1 : start
  at = content[at] === Byte.Zero ? at + 1 : endOfDigits(content, at)
  if (content[at] === Byte.Dot) {
    at = endOfDigits(content, at + 1)
  }
  if ((content[at]! | 0x20) === 0x65 /* e */) {
    at++
    at = endOfDigits(content, content[at] === Byte.Plus || content[at] === Byte.Minus ? at + 1 : at)
  }
  return at
}

function endOfDigits(content: Buffer, start: number): number {
  if (!isDigit(content[start])) {
    throw new JsonScanError('expected a digit', start)
  }
  let at = start
  do {
    at++
  } while (isDigit(content[at]))
  return at
}

function endOfLiteral(content: Buffer, at: number): number {
  const first = content[at]
  const literal = first === TRUE[0] ? TRUE : first === FALSE[0] ? FALSE : NULL
  for (let index = 0; index < literal.length; index++) {
    if (content[at + index] !== literal[index]) {
      throw new JsonScanError('expected a JSON value', at)
    }
  }
  return at + literal.length
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
