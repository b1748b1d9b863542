import { isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { columnOf, endOf, lineStart, nextLine, type Splice, startOf } from './yaml-insertion.js'

/**
 * What takes an item out of a list or mapping: in block style its own lines, with a comment that stands in them; every
 * other line stays.
 */
export function removeItem(text: string, collection: YAMLMap | YAMLSeq, index: number): Splice {
  return collection.flow ? removeFlow(text, collection, index) : removeBlock(text, collection, index)
}

function removeBlock(text: string, collection: YAMLMap | YAMLSeq, index: number): Splice {
  const item = collection.items[index] as Node | Pair<Node, Node | null>
  const column = columnOf(text, collection.range![0])
  let start = lineStart(text, startOf(item))
  // The dash of a list may stand in a line above what follows it.
  while (isSeq(collection) && start > 0 && text[start + column] !== '-') start = lineStart(text, start - 1)
  return { start, end: nextLine(text, endOf(item)), text: '' }
}

function removeFlow(text: string, collection: YAMLMap | YAMLSeq, index: number): Splice {
  const items = collection.items as (Node | Pair<Node, Node | null>)[]
  const item = items[index]!
  const next = items[index + 1]
  const previous = items[index - 1]
  if (next) {
    const between = text.slice(endOf(item), startOf(next))
    // A comment behind the comma is about something; what it is, is not for us to say.
    const end = between.includes('#') ? endOf(item) + between.indexOf(',') + 1 : startOf(next)
    return { start: startOf(item), end, text: '' }
  }
  if (previous && !text.slice(endOf(previous), startOf(item)).includes('#')) {
    return { start: endOf(previous), end: endOf(item), text: '' }
  }
  const own = lineStart(text, startOf(item))
  const below = nextLine(text, endOf(item))
  const standsAlone = /^\s*(?:#.*)?$/.test(text.slice(own, startOf(item)) + text.slice(endOf(item), below))
  // A comma before the bracket is none too many in YAML, and JSON has no comments.
  return standsAlone ? { start: own, end: below, text: '' } : { start: startOf(item), end: endOf(item), text: '' }
}
