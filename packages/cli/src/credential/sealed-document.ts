import { createHash } from 'node:crypto'

/** How the key of a sealed file comes about. */
export type SealedKeySource =
  | { readonly kind: 'passphrase'; readonly cost: number; readonly salt: string }
  | { readonly kind: 'key-file'; readonly salt: string }

/** What is in `credentials.sealed`. Account names are in clear, as they are in the configuration. */
export interface SealedDocument {
  readonly v: 1
  readonly key: SealedKeySource
  /** A sealed constant: opens with the right key only, so that a wrong one is told from damage. */
  readonly check: string
  /** By account: a sealed envelope, base64. */
  readonly slots: Readonly<Record<string, string>>
}

/** Above this the file asks for more memory than a passphrase is worth: damage, or an attack. */
const MAX_COST = 2 ** 20

/** The stored text: the document with a checksum, which tells damage from a wrong passphrase. It proves no origin. */
export function serialiseSealed(document: SealedDocument): Buffer {
  return Buffer.from(`${JSON.stringify({ ...document, sha256: checksum(document) }, undefined, 2)}\n`)
}

/** @returns `undefined` where the text is damaged or of another version. */
export function parseSealed(content: Buffer): SealedDocument | undefined {
  try {
    const { sha256, ...document } = JSON.parse(content.toString('utf8')) as SealedDocument & { sha256: unknown }
    if (sha256 !== checksum(document) || document.v !== 1) return undefined
    const { key } = document
    if (key.kind === 'passphrase' && !(key.cost > 1 && key.cost <= MAX_COST)) return undefined
    const slots = Object.assign(Object.create(null) as Record<string, string>, document.slots)
    return { ...document, slots }
  } catch {
    return undefined
  }
}

function checksum({ v, key, check, slots }: SealedDocument): string {
  return createHash('sha256')
    .update(JSON.stringify([v, key, check, slots]))
    .digest('hex')
}
