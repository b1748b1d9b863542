import type { StateFolders } from '../base-command.js'
import { CaStore } from '../ca/ca-store.js'
import type { StateDirectory } from '../config/state-directory.js'
import { policyFileOf } from '../policy/policy-file.js'
import { askControlSocket } from '../session/control-socket.js'
import { findSessions } from '../session/find-sessions.js'
import { caDirectoryOf, sessionDirectoryOf } from '../session/session-directories.js'
import type { Finding } from './finding.js'
import { policyFinding } from './policy-finding.js'
import { providerFinding, routeFinding } from './route-findings.js'
import type { Check } from './run-checks.js'
import { inferenceFinding, proxyFinding } from './session-findings.js'
import { nodeFinding, shellFinding, verificationFinding } from './shell-findings.js'
import {
  authorityFinding,
  configurationFinding,
  pluginFinding,
  type RouteFindingOptions,
  storedRoute,
  storeFinding,
} from './state-findings.js'

export interface DoctorOptions extends RouteFindingOptions {
  readonly folders: StateFolders
  /** Where configuration and sealed credentials are kept. */
  readonly directory: StateDirectory
  readonly environment: (name: string) => string | undefined
}

/** Everything looked at, in the order in which one thing needs the other. */
export function doctorChecks(options: DoctorOptions): readonly Check[] {
  const { folders, directory, environment, store, profiles } = options
  const ca = new CaStore(caDirectoryOf(folders.data))
  const sessions = findSessions(sessionDirectoryOf(folders.data))
  const newest = async () => (await sessions).running[0]
  sessions.catch(() => {}) // Each check that needs them says why they cannot be had.
  const status = once(async () => {
    const session = await newest()
    return session && askControlSocket(session)
  })
  const route = once(() => storedRoute(options))
  const check = (name: string, fix: string, run: () => Promise<Finding>): Check => ({ name, fix, run })
  return [
    check('node', 'Install Node.js 24', async () => nodeFinding(process.versions.node)),
    check('tls-verification', 'unset NODE_TLS_REJECT_UNAUTHORIZED', async () => verificationFinding(environment)),
    check('plugins', 'nemoclaw plugins', async () => pluginFinding(await profiles())),
    check('configuration', 'nemoclaw provider list', () => configurationFinding(store)),
    check('credential-store', 'nemoclaw provider list', () => storeFinding(directory, environment)),
    check('ca', 'nemoclaw ca show', () => authorityFinding(ca, new Date())),
    check('route', 'nemoclaw cluster inference get', async () => {
      const now = await status().catch(() => undefined)
      return routeFinding(now?.configuration === 'routes_file' ? undefined : await route(), now)
    }),
    check('provider', 'nemoclaw provider list', async () => {
      const now = await status().catch(() => undefined)
      return providerFinding(await route().catch(() => undefined), now)
    }),
    check('policy', 'nemoclaw policy validate', async () => {
      return policyFinding(policyFileOf(directory), await status().catch(() => undefined))
    }),
    check('proxy', 'nemoclaw proxy status', async () => proxyFinding(await status())),
    check('inference.local', 'nemoclaw proxy status', async () => inferenceFinding(await newest(), ca)),
    check('shell', 'eval "$(nemoclaw env)"', async () => shellFinding(environment, (await sessions).running)),
  ]
}

/** Asks once for all who need the answer, and not before one does. */
function once<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}
