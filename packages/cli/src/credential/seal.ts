import {
  createCipheriv,
  createDecipheriv,
  hkdf as hkdfCallback,
  randomBytes,
  scrypt as scryptCallback,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { SealedKeySource } from './sealed-document.js'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** Work for one guess: 128 MiB of memory, some 0.4 s. OWASP's recommendation of 2024 for scrypt. */
export const SCRYPT_COST = 2 ** 17
const SCRYPT_BLOCK_SIZE = 8

const hkdf = promisify(hkdfCallback)
const scrypt = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scryptCallback,
)

/** The 32-byte key of a sealed file, from a passphrase (slow by intent) or from the content of a key file. */
export async function deriveKey(source: SealedKeySource, secret: string | Buffer): Promise<Buffer> {
  const salt = Buffer.from(source.salt, 'base64')
  if (source.kind === 'key-file')
    return Buffer.from(await hkdf('sha256', secret, salt, 'nemoclaw/credentials/1', KEY_BYTES))
  // Two spellings of one passphrase, composed and decomposed, are one passphrase.
  const passphrase = secret.toString().normalize('NFC')
  return scrypt(passphrase, salt, KEY_BYTES, {
    N: source.cost,
    r: SCRYPT_BLOCK_SIZE,
    p: 1,
    maxmem: 256 * source.cost * SCRYPT_BLOCK_SIZE,
  })
}

/** Encrypts and authenticates. @param context - Bound to it: what was sealed for one slot does not open in another. */
export function seal(key: Buffer, context: string, plain: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(context))
  return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** @returns `undefined` where key, context or content is not what it was sealed with. */
export function unseal(key: Buffer, context: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
