import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml'

/** Levels of brackets, and of indicators in one line. */
const MAX_DEPTH = 32

/** A YAML text as a tree of plain nodes, and a way to refuse one of them. */
export interface PlainYaml {
  readonly root: Node | null
  /** @throws The failure made of `FILE:LINE:COLUMN: why`. */
  fail(why: string, node?: Node | null): never
}

/**
 * Reads YAML 1.2 as far as it is plain: no anchors and aliases (which can make a small text a huge value), no tags, no
 * duplicate keys, one document.
 *
 * @param shownAs - What messages call the file.
 * @param failure - Makes the error to throw of a message.
 */
export function parsePlainYaml(text: string, shownAs: string, failure: (message: string) => Error): PlainYaml {
  const lines = new LineCounter()
  const failAt = (why: string, offset: number): never => {
    const { line, col } = lines.linePos(offset)
    throw failure(`${shownAs}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${why}`)
  }
  const fail = (why: string, node?: Node | null): never => failAt(why, node?.range?.[0] ?? 0)
  // The parser recurses, and near the end of the stack V8 does not throw but ends the process.
  if (isDeep(text)) failAt('it is nested too deeply', 0)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) failAt(problem.message, problem.pos[0])
  visit(document, {
    Alias: (_, node) => fail('aliases (*name) are not accepted; write the value out', node),
    Node: (_, node) => {
      if ('anchor' in node && node.anchor) fail('anchors (&name) are not accepted; write the value out', node)
      if (node.tag) fail('tags (!name) are not accepted; write a plain value', node)
    },
  })
  return { root: document.contents, fail }
}

/**
 * A mapping's values by key, every key one of `accepted`.
 *
 * @param refused - Keys that are known, with why they are not accepted.
 */
export function yamlEntries(
  node: Node | null | undefined,
  accepted: readonly string[],
  { fail }: PlainYaml,
  refused: ReadonlyMap<unknown, string> = new Map(),
): ReadonlyMap<string, Node> {
  if (!isMap(node)) return fail(`expected a mapping with the keys ${accepted.join(', ')}`, node)
  return new Map(
    (node.items as Pair<Node, Node>[]).map(({ key, value }) => {
      const name = isScalar(key) ? key.value : undefined
      if (typeof name === 'string' && accepted.includes(name)) return [name, value ?? key] as const
      return fail(refused.get(name) ?? `unknown key; accepted: ${accepted.join(', ')}`, key)
    }),
  )
}

/** Whether a text could make the parser recurse further than any configuration does; told without parsing it. */
function isDeep(text: string): boolean {
  let depth = 0
  let indicators = 0
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    if (character === '\n') indicators = 0
    else if ('[{'.includes(character)) depth++
    else if (']}'.includes(character)) depth = Math.max(0, depth - 1)
    else if ('-?:'.includes(character) && ' \t'.includes(text[index + 1] ?? '')) indicators++
    if (depth > MAX_DEPTH || indicators > MAX_DEPTH) return true
  }
  return false
}
