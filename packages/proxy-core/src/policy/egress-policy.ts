/** What sandboxed clients may reach: parsed and checked, every text in its canonical form. Denies what it does not name. */
export interface EgressPolicy {
  readonly policies: readonly NetworkPolicy[]
}

/** A named group of endpoints and the programs that may use them. */
export interface NetworkPolicy {
  readonly name: string
  readonly endpoints: readonly PolicyEndpoint[]
  /**
   * Absolute paths or globs (`*` within a segment, `**` across) of the calling program or one of its ancestors (Linux).
   * Empty: any program.
   */
  readonly binaries: readonly string[]
}

export interface PolicyEndpoint {
  /**
   * A canonical host (`Authority.host`), or `*.` and a domain for exactly one further label. Absent: addresses in
   * `allowedIps`, and names that resolve to them under one of `resolve`.
   */
  readonly host?: string
  /** 1 to 65535, at least one. */
  readonly ports: readonly number[]
  /** CIDR blocks. Where there are any, every resolved address must be in one of them; they open private ranges. */
  readonly allowedIps: readonly string[]
  /** Domains whose names a hostless endpoint admits, without a leading dot: `corp.example` for every name below it. */
  readonly resolve: readonly string[]
  /** What may be asked over plain HTTP. Empty: anything. */
  readonly rules: readonly HttpRule[]
}

export interface HttpRule {
  /** Upper case, or `*` for each. */
  readonly method: string
  /** Glob over the path without query: `*` within a segment, `**` across. */
  readonly path: string
}
