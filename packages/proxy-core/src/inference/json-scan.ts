import { isUtf8 } from 'node:buffer'
import { endOfScalar, endOfString, JsonScanError } from './json-scalar.js'

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

/** Outermost members. Requests have under 60, and each one found costs memory. */
export const MAX_JSON_MEMBERS = 4_096
/** Outermost elements. Lists of tokens have some thousands. */
export const MAX_JSON_ELEMENTS = 65_536

/** Levels of nesting. Requests have under 40; recursion in some provider's parser should not be ours to exhaust. */
export const MAX_JSON_DEPTH = 512

enum Byte {
  Quote = 0x22,
  Comma = 0x2c,
  Colon = 0x3a,
  OpenBrace = 0x7b,
  CloseBrace = 0x7d,
  OpenBracket = 0x5b,
  CloseBracket = 0x5d,
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
    this.#at = endOfScalar(this.#content, this.#at)
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
      const limit = this.#isObject[1] ? MAX_JSON_MEMBERS : MAX_JSON_ELEMENTS
      if (this.#members.length >= limit) {
        throw this.#unexpected(`more than ${limit} members`)
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
    this.#at = endOfString(this.#content, start)
    const name = wanted ? (JSON.parse(this.#content.toString('utf8', start, this.#at)) as string) : ''
    this.#skipWhiteSpace()
    if (this.#content[this.#at] !== Byte.Colon) {
      throw this.#unexpected('expected ":"')
    }
    this.#at++
    this.#skipWhiteSpace()
    return name
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
