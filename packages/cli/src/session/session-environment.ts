import { CaStore } from '../ca/ca-store.js'
import { clientEnvironment } from './client-environment.js'
import { requireSession } from './require-session.js'
import { caDirectoryOf, sessionDirectoryOf } from './session-directories.js'

/**
 * The environment that leads to the running proxy; brings the trust bundle up to date first.
 *
 * @throws {UserError} `ERR_PROXY_NOT_RUNNING`, `ERR_CA_*`.
 */
export async function sessionEnvironment(dataDirectory: string): Promise<Readonly<Record<string, string>>> {
  const { url, token } = await requireSession(sessionDirectoryOf(dataDirectory))
  const ca = new CaStore(caDirectoryOf(dataDirectory))
  const bundlePath = await ca.trustBundle()
  return clientEnvironment({ proxyUrl: url, token, rootPath: ca.rootPath, bundlePath })
}
