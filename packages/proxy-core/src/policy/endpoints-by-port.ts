import type { CompiledEndpoint } from './compile-policy.js'

/** Endpoints by port. Nearly always there is one of each, and then it is found without a table. */
export class EndpointsByPort {
  readonly #port: number
  readonly #endpoint: CompiledEndpoint
  #all: Map<number, CompiledEndpoint[]> | undefined

  constructor(port: number, endpoint: CompiledEndpoint) {
    this.#port = port
    this.#endpoint = endpoint
  }

  get ports(): readonly number[] {
    return this.#all ? [...this.#all.keys()] : [this.#port]
  }

  add(port: number, endpoint: CompiledEndpoint): void {
    this.#all ??= new Map([[this.#port, [this.#endpoint]]])
    const others = this.#all.get(port)
    if (others) {
      others.push(endpoint)
    } else {
      this.#all.set(port, [endpoint])
    }
  }

  at(port: number): readonly CompiledEndpoint[] | undefined {
    if (this.#all) return this.#all.get(port)
    return port === this.#port ? [this.#endpoint] : undefined
  }
}
