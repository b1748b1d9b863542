import type { Readable } from 'node:stream'
import { UserError } from '../user-error.js'

/** Far above any credential, far below what could fill the memory. */
const MAX_BYTES = 64 * 1024

/**
 * One value from standard input: all of it, without the line break that `echo` adds.
 *
 * @throws {UserError} `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_NOT_TEXT`.
 */
export async function readStandardInput(input: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array)
    length += bytes.length
    if (length > MAX_BYTES) {
      throw new UserError('ERR_INPUT_TOO_LARGE', `standard input holds more than ${MAX_BYTES / 1024} KiB`, {
        exitCode: 2,
      })
    }
    chunks.push(bytes)
  }
  try {
    // Not lenient: a replacement character in a key would be a wrong key.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
    return text.replace(/\r?\n$/, '')
  } catch {
    throw new UserError('ERR_INPUT_NOT_TEXT', 'standard input is not UTF-8 text', { exitCode: 2 })
  }
}
