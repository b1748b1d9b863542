import type { CidrBlock, IpAddress } from './ip-address.js'

/** Finds the CIDR blocks that cover an address in a time that does not grow with their number. */
export class AddressIndex<Value> {
  /** By kind and prefix length, then by the network's bits: at most 33 and 129 tables. */
  readonly #tables = new Map<string, { readonly prefixLength: number; readonly values: Map<string, Value[]> }>()

  add(block: CidrBlock, value: Value): void {
    const [network, prefixLength] = block
    const name = `${network.kind()}/${prefixLength}`
    const table = this.#tables.get(name) ?? { prefixLength, values: new Map<string, Value[]>() }
    this.#tables.set(name, table)
    const key = leadingBits(network, prefixLength)
    const values = table.values.get(key)
    if (values) {
      values.push(value)
    } else {
      table.values.set(key, [value])
    }
  }

  covering(address: IpAddress): readonly Value[] {
    const kind = address.kind()
    const found: Value[] = []
    for (const [name, { prefixLength, values }] of this.#tables) {
      if (name.startsWith(kind)) {
        found.push(...(values.get(leadingBits(address, prefixLength)) ?? []))
      }
    }
    return found
  }
}

function leadingBits(address: IpAddress, prefixLength: number): string {
  const bytes = address.toByteArray()
  const whole = prefixLength >> 3
  const rest = prefixLength & 7
  const leading = bytes.slice(0, whole)
  return rest === 0 ? leading.join('.') : [...leading, bytes[whole]! & (0xff << (8 - rest))].join('.')
}
