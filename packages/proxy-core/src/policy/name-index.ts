const DOT = 0x2e
const MIN_SLOTS = 16
// FNV-1a.
const SEED = 0x811c9dc5 | 0
const PRIME = 0x01000193

/**
 * Finds what is kept under a host name and under the domains above it, in one walk over the name.
 *
 * Not a `Map` asked for each of them: of a name with four labels most are not there, and among a hundred thousand a `Map`
 * fetches from memory five times to say so, and makes a new string and its hash for each. Here one array of hashes, a few
 * bytes for each name, answers most questions.
 */
export class NameIndex<Value extends { readonly name: string }> {
  /** Open addressing, at most half full; 0 is a free slot. Names are the operator's: no client can make them collide. */
  #hashes = new Int32Array(MIN_SLOTS)
  #entries: (Value | undefined)[] = new Array(MIN_SLOTS).fill(undefined)
  #size = 0

  /** @param entry - Of a host name or domain, without a leading dot, that has none yet. */
  add(entry: Value): void {
    const { name } = entry
    if (++this.#size * 2 > this.#hashes.length) {
      this.#grow()
    }
    let hash = SEED
    for (let at = name.length - 1; at >= 0; at--) hash = Math.imul(hash ^ name.charCodeAt(at), PRIME)
    this.#place(spread(hash), entry)
  }

  /** @returns What is kept under exactly this name. */
  get(name: string): Value | undefined {
    let found: Value | undefined
    this.walk(name, (entry, length) => {
      if (length === name.length) found = entry
    })
    return found
  }

  /**
   * Calls back for each domain above a name that something is kept under, the highest first, and then for the name.
   *
   * @param visit - `length` is how many characters of the name's end the domain is.
   */
  walk(name: string, visit: (entry: Value, length: number) => void): void {
    let hash = SEED
    // Backwards, so that the hash of each domain above is passed on the way.
    for (let at = name.length - 1; at >= 0; at--) {
      const code = name.charCodeAt(at)
      if (code === DOT) this.#visit(name, at + 1, hash, visit)
      hash = Math.imul(hash ^ code, PRIME)
    }
    this.#visit(name, 0, hash, visit)
  }

  #visit(name: string, start: number, hash: number, visit: (entry: Value, length: number) => void): void {
    const wanted = spread(hash)
    const last = this.#hashes.length - 1
    for (let slot = wanted & last; this.#hashes[slot] !== 0; slot = (slot + 1) & last) {
      if (this.#hashes[slot] !== wanted) continue
      const entry = this.#entries[slot]!
      if (entry.name.length === name.length - start && name.endsWith(entry.name)) {
        visit(entry, entry.name.length)
        return
      }
    }
  }

  #grow(): void {
    const entries = this.#entries
    const hashes = this.#hashes
    this.#hashes = new Int32Array(hashes.length * 2)
    this.#entries = new Array(hashes.length * 2).fill(undefined)
    for (const [slot, entry] of entries.entries()) {
      if (entry) this.#place(hashes[slot]!, entry)
    }
  }

  #place(hash: number, entry: Value): void {
    const last = this.#hashes.length - 1
    let slot = hash & last
    while (this.#hashes[slot] !== 0) slot = (slot + 1) & last
    this.#hashes[slot] = hash
    this.#entries[slot] = entry
  }
}

/** Lets the low bits, which choose the slot, depend on all of them. Never 0. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13) || 1
}
