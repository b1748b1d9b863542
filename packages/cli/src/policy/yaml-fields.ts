import { isScalar, isSeq, type Node } from 'yaml'
import { type PlainYaml, yamlEntries } from '../session/plain-yaml.js'

const MAX_TEXT_LENGTH = 4096

/** A text of a file, and where it stands. */
export interface PlacedText {
  readonly text: string
  readonly node: Node
}

/** The values of one mapping of a YAML file, each refused at its own place. */
export class YamlFields<Key extends string> {
  readonly node: Node
  readonly #yaml: PlainYaml
  readonly #values: ReadonlyMap<string, Node>

  /** @throws As `yaml.fail` does: no mapping, or a key that is not one of `keys`. */
  constructor(node: Node, keys: readonly Key[], yaml: PlainYaml, refused?: ReadonlyMap<unknown, string>) {
    this.node = node
    this.#yaml = yaml
    this.#values = yamlEntries(node, keys, yaml, refused)
  }

  get(key: Key): Node | undefined {
    return this.#values.get(key)
  }

  /** Refuses the value of a key; the whole mapping where the key is not there. */
  refuse(key: Key, why: string): never {
    return this.#yaml.fail(`"${key}" ${why}`, this.#values.get(key) ?? this.node)
  }

  text(key: Key): PlacedText | undefined {
    const node = this.#values.get(key)
    return node && { text: this.#textOf(node, `"${key}"`), node }
  }

  required(key: Key): PlacedText {
    return this.text(key) ?? this.refuse(key, 'is missing')
  }

  boolean(key: Key): boolean | undefined {
    const node = this.#values.get(key)
    if (node === undefined) return undefined
    return isScalar(node) && typeof node.value === 'boolean' ? node.value : this.refuse(key, 'must be true or false')
  }

  /** @param whenEmpty - Why an empty list is refused; absent where it is not. */
  list(key: Key, maximum: number, whenEmpty?: string): readonly Node[] | undefined {
    const node = this.#values.get(key)
    if (node === undefined) return undefined
    if (!isSeq(node)) return this.refuse(key, 'must be a list')
    if (node.items.length === 0 && whenEmpty) this.refuse(key, whenEmpty)
    if (node.items.length > maximum) this.refuse(key, `has ${node.items.length} entries; at most ${maximum}`)
    return node.items as Node[]
  }

  /** A list of texts, each accepted by `violation` and there once. */
  texts(
    key: Key,
    maximum: number,
    violation: (text: string) => string | undefined,
    whenEmpty?: string,
  ): readonly string[] | undefined {
    const texts = this.list(key, maximum, whenEmpty)?.map((node) => {
      const text = this.#textOf(node, `an entry of "${key}"`)
      this.check(key, { text, node }, violation)
      return { text, node }
    })
    if (texts) this.refuseRepeated(key, texts)
    return texts?.map(({ text }) => text)
  }

  check(key: Key, { text, node }: PlacedText, violation: (text: string) => string | undefined): void {
    const why = violation(text)
    if (why !== undefined) this.#yaml.fail(`"${key}": ${JSON.stringify(text)} ${why}`, node)
  }

  refuseRepeated(key: Key, texts: readonly PlacedText[]): void {
    const seen = new Set<string>()
    for (const { text, node } of texts) {
      if (seen.has(text)) this.#yaml.fail(`"${key}": ${JSON.stringify(text)} is there twice`, node)
      seen.add(text)
    }
  }

  #textOf(node: Node, what: string): string {
    if (!isScalar(node) || typeof node.value !== 'string') {
      const isNumber = isScalar(node) && typeof node.value === 'number'
      return this.#yaml.fail(`${what} must be a text${isNumber ? '; put it in quotes' : ''}`, node)
    }
    if (node.value === '') this.#yaml.fail(`${what} is empty`, node)
    if (node.value.length > MAX_TEXT_LENGTH)
      this.#yaml.fail(`${what} is longer than ${MAX_TEXT_LENGTH} characters`, node)
    if (/[\u0000-\u001f\u007f-\u009f]/.test(node.value)) this.#yaml.fail(`${what} holds a control character`, node)
    return node.value
  }
}
