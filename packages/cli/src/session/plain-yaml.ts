import {
  Composer,
  type CST,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml'

/** Levels of mappings and lists in each other; no configuration has more than eight. */
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
  const parser = new ShallowParser(lines.addNewLine, () => failAt('it is nested too deeply', parser.offset))
  const composer = new Composer({ uniqueKeys: false })
  const [document, second] = composer.compose(parser.parse(text), true, text.length)
  if (!document) throw new Error('no document, where one was to be made of anything')
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) failAt(problem.message, problem.pos[0])
  if (second) failAt('Source contains multiple documents; one is accepted', second.range[0])
  visit(document, {
    Alias: (_, node) => fail('aliases (*name) are not accepted; write the value out', node),
    Node: (_, node) => {
      if ('anchor' in node && node.anchor) fail('anchors (&name) are not accepted; write the value out', node)
      if (node.tag) fail('tags (!name) are not accepted; write a plain value', node)
      if (isMap(node)) refuseDuplicates(node, fail)
    },
  })
  return { root: document.contents, fail }
}

/** The parser's own check compares each key with each: minutes for a file of a megabyte. */
function refuseDuplicates({ items }: YAMLMap, fail: PlainYaml['fail']): void {
  const seen = new Set<unknown>()
  for (const { key } of items) {
    const value = isScalar(key) ? key.value : key
    if (seen.has(value)) fail('Map keys must be unique', key as Node)
    seen.add(value)
  }
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

/**
 * Stops before it is deep in levels: parser and composer recurse, and near the end of the stack V8 does not throw but
 * ends the process.
 */
class ShallowParser extends Parser {
  readonly #tooDeep: () => void

  constructor(onNewLine: (offset: number) => void, tooDeep: () => void) {
    super(onNewLine)
    this.#tooDeep = tooDeep
  }

  override *next(lexeme: string): Generator<CST.Token, void> {
    if (this.stack.length > MAX_DEPTH) this.#tooDeep()
    yield* super.next(lexeme)
  }
}
