/** Flags whose value may be, or hold, a secret. */
const SECRET_FLAGS: ReadonlySet<string> = new Set(['--credential', '--header', '--upstream-proxy-credential'])
// `OPENAI_API_KEY=sk-…` behind a mistyped flag, or as a stray argument, is still a key.
const LOOKS_LIKE_SECRET = /^(-{1,2}[^=]+=)?[A-Za-z_][\w.-]*(?:key|token|secret|passw|credential)[\w.-]*=./is
const USER_INFORMATION = /(?<=:\/\/)[^/?#\s]*(?=@)/g
const PLACEHOLDER = /\[hidden-(\d+)\]/g

/**
 * Takes what may be secret out of a command line before anything can print it: oclif's debug output, an error that
 * quotes the arguments and the hooks of plugins then see `OPENAI_API_KEY=[hidden-1]`.
 */
export class HiddenArguments {
  readonly #values: string[] = []
  /** The command line with placeholders. What follows `--` belongs to another program and stays as it is. */
  readonly argv: readonly string[]

  constructor(argv: readonly string[]) {
    const end = argv.includes('--') ? argv.indexOf('--') : argv.length
    this.argv = argv.map((argument, index) => (index < end ? this.#hide(argument, argv[index - 1]) : argument))
  }

  /** The same value with every text in it as it was typed: what a parser makes of the arguments. */
  revealAll<Value>(value: Value): Value
  revealAll(value: unknown): unknown {
    if (typeof value === 'string') return this.#reveal(value)
    if (Array.isArray(value)) return value.map((member) => this.revealAll<unknown>(member))
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.revealAll<unknown>(member)]))
  }

  /** What was hidden, for a last look over text that is about to be printed. */
  secrets(): readonly string[] {
    return this.#values
  }

  #reveal(argument: string): string {
    return argument.replace(PLACEHOLDER, (placeholder, number) => this.#values[Number(number) - 1] ?? placeholder)
  }

  #hide(argument: string, previous: string | undefined): string {
    const [flag = '', ...rest] = argument.split('=')
    if (SECRET_FLAGS.has(previous ?? '')) return this.#hideValue('', argument)
    if (SECRET_FLAGS.has(flag) && rest.length > 0) return this.#hideValue(`${flag}=`, rest.join('='))
    const typed = LOOKS_LIKE_SECRET.exec(argument)
    if (typed) return this.#hideValue(typed[1] ?? '', argument.slice(typed[1]?.length ?? 0))
    return argument.replace(USER_INFORMATION, (information) => this.#placeholder(information))
  }

  /** Hides the value of `KEY=VALUE` and of `Name: value`, and keeps the name: messages need it. */
  #hideValue(before: string, pair: string): string {
    const separator = pair.search(/[=:]/)
    if (separator < 0 || separator === pair.length - 1) return `${before}${pair}`
    const name = pair.slice(0, separator + 1)
    return `${before}${name}${this.#placeholder(pair.slice(separator + 1))}`
  }

  #placeholder(value: string): string {
    this.#values.push(value)
    return `[hidden-${this.#values.length}]`
  }
}
