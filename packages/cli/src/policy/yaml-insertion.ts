import { isCollection, isPair, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'

/** A piece of text to put in the place of another. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** An item to add to a list or mapping, as it is written in each style. */
export interface NewItem {
  /** Lines without indentation; behind the first one, relative to it. */
  readonly block: readonly string[]
  /** One line. */
  readonly flow: string
}

/** The text with pieces replaced that do not overlap. */
export function spliced(text: string, splices: readonly Splice[]): string {
  return splices
    .toSorted((one, other) => other.start - one.start)
    .reduce((result, { start, end, text: piece }) => result.slice(0, start) + piece + result.slice(end), text)
}

/** What adds an item behind the last one of a collection, and changes no other line that it need not. */
export function appendItem(text: string, collection: YAMLMap | YAMLSeq, item: NewItem): readonly Splice[] {
  return collection.flow ? appendFlow(text, collection, item.flow) : [appendBlock(text, collection, item.block)]
}

/** Lines of their own behind the line that a node ends in. */
export function linesBehind(text: string, end: number, indent: number, lines: readonly string[]): Splice {
  const eol = lineEndOf(text)
  const written = lines.map((line) => `${' '.repeat(indent)}${line}`).join(eol)
  const at = nextLine(text, end)
  const isBroken = at === 0 || text[at - 1] === '\n'
  return { start: at, end: at, text: isBroken ? `${written}${eol}` : `${eol}${written}${eol}` }
}

/** Where the text of a node ends, without the comments and empty lines behind it. */
export function endOf(node: Node | Pair<Node, Node | null>): number {
  if (isPair(node)) return node.value ? endOf(node.value as Node) : endOf(node.key as Node)
  if (isCollection(node) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1) as Node)
  return node.range![1]
}

export function startOf(item: Node | Pair<Node, Node | null>): number {
  return (isPair(item) ? (item.key as Node) : item).range![0]
}

/** Columns from 0. */
export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** The beginning of the line behind the one of `offset`, which may be the end of the text. */
export function nextLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset // A block scalar ends with its line.
  const feed = text.indexOf('\n', offset)
  return feed < 0 ? text.length : feed + 1
}

function appendBlock(text: string, collection: YAMLMap | YAMLSeq, lines: readonly string[]): Splice {
  return linesBehind(text, endOf(collection as Node), columnOf(text, collection.range![0]), lines)
}

function appendFlow(text: string, collection: YAMLMap | YAMLSeq, item: string): readonly Splice[] {
  const close = collection.range![1] - 1
  const last = collection.items.at(-1) as Node | Pair<Node, Node | null> | undefined
  if (last === undefined) {
    const isMapping = text[close] === '}'
    return [{ start: collection.range![0] + 1, end: close, text: isMapping ? ` ${item} ` : item }]
  }
  const end = endOf(last)
  const own = lineStart(text, startOf(last))
  const standsAlone = text.slice(own, startOf(last)).trim() === '' && text.slice(end, close).includes('\n')
  if (!standsAlone) return [{ start: end, end, text: `, ${item}` }]
  const hasComma = /^\s*,/.test(text.slice(end, close))
  const line = linesBehind(text, end, startOf(last) - own, [hasComma ? `${item},` : item])
  return hasComma ? [line] : [{ start: end, end, text: ',' }, line]
}

function lineEndOf(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n'
}
