import { resolve } from 'node:path'
import { readSecretFile } from '../credential/read-secret-file.js'
import { usageError } from '../provider/usage-error.js'

export interface ClientToken {
  readonly name: string
  readonly token: string
}

/**
 * Reads `--client-token NAME=FILE`: the token is in the file, never in the arguments.
 *
 * @throws {UserError} `ERR_CLIENT_TOKEN_INVALID` (2); as `readSecretFile`.
 */
export async function readClientToken(argument: string): Promise<ClientToken> {
  const [, name, file] = /^([a-z0-9-]{1,63})=(.+)$/.exec(argument) ?? []
  if (name === undefined || file === undefined) {
    throw usageError('ERR_CLIENT_TOKEN_INVALID', '--client-token takes NAME=FILE', [
      'E.g. --client-token laptop=/run/secrets/laptop-token',
    ])
  }
  const token = (await readSecretFile(resolve(file))).replace(/[\r\n]+$/, '')
  if (!/^[A-Za-z0-9._~+/=-]{20,256}$/.test(token)) {
    throw usageError('ERR_CLIENT_TOKEN_INVALID', `the token of client '${name}' is not 20 to 256 letters and digits`, [
      'Make one: openssl rand -hex 32',
    ])
  }
  return { name, token }
}
