import { isUtf8 } from 'node:buffer'

/** Where something is in the content: byte offsets, `end` behind the last byte. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A member of the outermost object, by its unescaped name. */
export interface TopLevelMember {
  readonly name: string
  readonly value: Span
}

/** Why content is no JSON object we forward, and at which byte. */
export class JsonScanError extends Error {
  constructor(
    reason: string,
    readonly offset: number,
  ) {
    super(`${reason} at byte ${offset}`)
  }
}

/** Outermost members. Requests have under 60, and each one found costs memory. */
export const MAX_JSON_MEMBERS = 4_096

/** Levels of nesting. Requests have under 40; recursion in some provider's parser should not be ours to exhaust. */
export const MAX_JSON_DEPTH = 512

enum Byte {
  Quote = 0x22,
  Backslash = 0x5c,
  Comma = 0x2c,
  Colon = 0x3a,
  OpenBrace = 0x7b,
  CloseBrace = 0x7d,
  OpenBracket = 0x5b,
  CloseBracket = 0x5d,
  Minus = 0x2d,
  Dot = 0x2e,
}

/**
 * Checks that content is one JSON object (RFC 8259) and finds its outermost members, in one pass and without
 * building a value: numbers beyond 2^53, order, white space and duplicate keys stay what they are, and memory does
 * not grow with the number of keys inside.
 *
 * Stricter than the grammar in one point: an escaped lone surrogate is refused, since no UTF-8 text can say it and
 * providers answer it with errors that name nothing.
 *
 * @throws {JsonScanError} At the first byte that no JSON object can have there.
 */
export function scanJsonObject(content: Buffer): readonly TopLevelMember[] {
  if (!isUtf8(content)) {
    throw new JsonScanError('the content is not UTF-8', 0)
  }
  return new JsonScanner(content).scan(Byte.OpenBrace)
}

/**
 * The same for an array that has been found in content already checked.
 *
 * @returns Its elements.
 */
export function scanJsonArray(content: Buffer): readonly Span[] {
  return new JsonScanner(content).scan(Byte.OpenBracket).map(({ value }) => value)
}

class JsonScanner {
  readonly #content: Buffer
  readonly #members: TopLevelMember[] = []
  /** For each open container whether it is an object. */
  readonly #isObject = new Uint8Array(MAX_JSON_DEPTH + 1)
  #at = 0
  #depth = 0
  /** Of the outermost object: the member being read, and where its value began. */
  #member = ''
  #valueStart = 0

  constructor(content: Buffer) {
    this.#content = content
  }

  /** @param opening - Byte that must open the outermost container. */
  scan(opening: Byte.OpenBrace | Byte.OpenBracket): readonly TopLevelMember[] {
    this.#skipWhiteSpace()
    if (this.#content[this.#at] !== opening) {
      throw this.#unexpected(opening === Byte.OpenBrace ? 'expected a JSON object' : 'expected a JSON array')
    }
    this.#scanContainers()
    this.#skipWhiteSpace()
    if (this.#at < this.#content.length) {
      throw this.#unexpected('nothing may follow the closing bracket')
    }
    return this.#members
  }

  /** Walks values until the outermost container is closed: a loop, so that depth costs no stack. */
  #scanContainers(): void {
    do {
      this.#value()
      while (this.#depth > 0 && this.#closes()) {
        this.#at++
        this.#depth--
        this.#endValue()
      }
      if (this.#depth > 0) {
        this.#nextElement()
      }
    } while (this.#depth > 0)
  }

  /** Reads a scalar or an empty container whole; of any other container, what comes before its first scalar. */
  #value(): void {
    while (this.#opens()) {
      if (++this.#depth > MAX_JSON_DEPTH) {
        throw this.#unexpected(`nested deeper than ${MAX_JSON_DEPTH} levels`)
      }
      this.#isObject[this.#depth] = this.#content[this.#at] === Byte.OpenBrace ? 1 : 0
      this.#at++
      this.#skipWhiteSpace()
      if (this.#closes()) {
        return
      }
      this.#memberName()
    }
    this.#scalar()
    this.#endValue()
  }

  #nextElement(): void {
    if (this.#content[this.#at] !== Byte.Comma) {
      throw this.#unexpected('expected "," or a closing bracket')
    }
    this.#at++
    this.#skipWhiteSpace()
    this.#memberName()
  }

  /** Reads `"name" :` where the open container is an object. */
  #memberName(): void {
    const isOutermost = this.#depth === 1
    const name = this.#isObject[this.#depth] ? this.#key(isOutermost) : ''
    if (isOutermost) {
      this.#member = name
      this.#valueStart = this.#at
    }
  }

  #endValue(): void {
    if (this.#depth === 1) {
      if (this.#members.length >= MAX_JSON_MEMBERS) {
        throw this.#unexpected(`more than ${MAX_JSON_MEMBERS} members`)
      }
      this.#members.push({ name: this.#member, value: { start: this.#valueStart, end: this.#at } })
    }
    this.#skipWhiteSpace()
  }

  #opens(): boolean {
    const byte = this.#content[this.#at]
    return byte === Byte.OpenBrace || byte === Byte.OpenBracket
  }

  #closes(): boolean {
    return this.#content[this.#at] === (this.#isObject[this.#depth] ? Byte.CloseBrace : Byte.CloseBracket)
  }

  /** Reads `"name" :` and stops at the value. */
  #key(wanted: boolean): string {
    const start = this.#at
    if (this.#content[start] !== Byte.Quote) {
      throw this.#unexpected('expected a member name in double quotes')
    }
    this.#string()
    const name = wanted ? (JSON.parse(this.#content.toString('utf8', start, this.#at)) as string) : ''
    this.#skipWhiteSpace()
    if (this.#content[this.#at] !== Byte.Colon) {
      throw this.#unexpected('expected ":"')
    }
    this.#at++
    this.#skipWhiteSpace()
    return name
  }

  #scalar(): void {
    const byte = this.#content[this.#at]
    if (byte === Byte.Quote) {
      this.#string()
    } else if (byte === Byte.Minus || isDigit(byte)) {
      this.#number()
    } else {
      this.#literal()
    }
  }

  #string(): void {
    const content = this.#content
    const end = content.length
    let at = this.#at + 1
    for (;;) {
      let byte = content[at]!
      while (byte !== Byte.Quote && byte !== Byte.Backslash && byte >= 0x20) {
        byte = content[++at]!
      }
      this.#at = at
      if (at >= end) {
        throw this.#unexpected('unterminated string')
      }
      if (byte === Byte.Quote) {
        this.#at++
        return
      }
      if (byte !== Byte.Backslash) {
        throw this.#unexpected('unescaped control character in a string')
      }
      at = this.#escape(at)
    }
  }

  /** @returns The offset behind the escape, or behind both halves of a surrogate pair. */
  #escape(at: number): number {
    const letter = this.#content[at + 1]
    if (letter !== 0x75 /* u */) {
      if (letter === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(letter))) {
        throw this.#unexpected('unknown escape')
      }
      return at + 2
    }
    const unit = this.#codeUnit(at)
    if (unit < 0xd800 || unit > 0xdfff) {
      return at + 6
    }
    const low = this.#content[at + 6] === Byte.Backslash && this.#content[at + 7] === 0x75 ? this.#codeUnit(at + 6) : 0
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
      throw this.#unexpected('lone surrogate')
    }
    return at + 12
  }

  #codeUnit(at: number): number {
    const digits = this.#content.toString('latin1', at + 2, at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw this.#unexpected('expected four hexadecimal digits')
    }
    return Number.parseInt(digits, 16)
  }

  #number(): void {
    if (this.#content[this.#at] === Byte.Minus) {
      this.#at++
    }
    if (this.#content[this.#at] === 0x30 /* 0 */) {
      this.#at++
    } else {
      this.#digits()
    }
    if (this.#content[this.#at] === Byte.Dot) {
      this.#at++
      this.#digits()
    }
    if ((this.#content[this.#at]! | 0x20) === 0x65 /* e */) {
      this.#at++
      if (this.#content[this.#at] === 0x2b /* + */ || this.#content[this.#at] === Byte.Minus) {
        this.#at++
      }
      this.#digits()
    }
  }

  #digits(): void {
    if (!isDigit(this.#content[this.#at])) {
      throw this.#unexpected('expected a digit')
    }
    do {
      this.#at++
    } while (isDigit(this.#content[this.#at]))
  }

  #literal(): void {
    for (const literal of ['true', 'false', 'null']) {
      if (this.#content.toString('latin1', this.#at, this.#at + literal.length) === literal) {
        this.#at += literal.length
        return
      }
    }
    throw this.#unexpected('expected a JSON value')
  }

  #skipWhiteSpace(): void {
    for (;;) {
      const byte = this.#content[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        return
      }
      this.#at++
    }
  }

  #unexpected(reason: string): JsonScanError {
    return new JsonScanError(reason, this.#at)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
