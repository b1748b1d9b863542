import { readFileSync } from 'node:fs'
import type { StateFolders } from '../base-command.js'
import { CaStore } from '../ca/ca-store.js'
import type { ConfigStore } from '../cluster/config-store.js'
import type { StateDirectory } from '../config/state-directory.js'
import { credentialStores } from '../credential/credential-stores.js'
import { openFingerprint } from '../credential/fingerprint.js'
import { ReferenceResolver } from '../credential/reference-resolver.js'
import { readStoreChoice } from '../credential/store-choice.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { askControlSocket } from '../session/control-socket.js'
import { LiveRoutes } from '../session/live-routes.js'
import { caDirectoryOf, sessionDirectoryOf } from '../session/session-directories.js'
import { readSessions } from '../session/session-file.js'
import { askThroughProxy } from './ask-through-proxy.js'
import { type Finding, fail, ok, skip, warn } from './finding.js'
import type { Check } from './run-checks.js'

export interface DoctorOptions {
  readonly folders: StateFolders
  readonly environment: (name: string) => string | undefined
  readonly store: ConfigStore
  readonly profiles: () => Promise<ProfileCatalogue>
}

/** Everything looked at, in the order in which one thing needs the other. */
export function doctorChecks(options: DoctorOptions): readonly Check[] {
  const { folders, environment, store, profiles } = options
  const state: StateDirectory = { path: folders.config, shownAs: folders.config }
  const ca = new CaStore(caDirectoryOf(folders.data))
  const check = (name: string, fix: string, run: () => Promise<Finding>): Check => ({ name, fix, run })
  return [
    check('node', 'Install Node.js 22 or newer', async () => nodeFinding(process.versions.node)),
    check('tls-verification', 'unset NODE_TLS_REJECT_UNAUTHORIZED', async () => verificationFinding(environment)),
    check('no-proxy', 'unset NO_PROXY no_proxy', async () => noProxyFinding(environment)),
    check('plugins', 'nemoclaw plugins', async () => pluginFinding(await profiles())),
    check('configuration', 'nemoclaw provider list', async () => {
      const { version, providers } = await store.read()
      return ok('configuration', `version ${version}, ${Object.keys(providers).length} providers`)
    }),
    check('credential-store', 'NEMOCLAW_CREDENTIAL_STORE=file nemoclaw doctor', () => storeFinding(state, environment)),
    check('ca', 'nemoclaw ca show', async () => {
      const authority = await ca.read()
      return authority
        ? ok('ca', `valid until ${authority.notAfter.toISOString().slice(0, 10)}, for inference.local only`)
        : skip('ca', 'not made yet; the first "nemoclaw proxy run" makes it')
    }),
    check('route', 'nemoclaw cluster inference get', () => routeFinding(options, state)),
    check('proxy', 'nemoclaw proxy run', () => proxyFinding(folders)),
    check('inference.local', 'nemoclaw proxy status', () => inferenceFinding(folders, ca)),
  ]
}

function nodeFinding(version: string): Finding {
  const [major = 0] = version.split('.').map(Number)
  return major < 22
    ? warn(
        'node',
        `${version} works, but is past its end of life, and its fetch ignores HTTPS_PROXY`,
        'Install Node.js 24',
      )
    : ok('node', version)
}

function verificationFinding(environment: DoctorOptions['environment']): Finding {
  return environment('NODE_TLS_REJECT_UNAUTHORIZED') === '0'
    ? fail(
        'tls-verification',
        'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: the proxy refuses to start',
        'unset NODE_TLS_REJECT_UNAUTHORIZED',
      )
    : ok('tls-verification', 'on')
}

function noProxyFinding(environment: DoctorOptions['environment']): Finding {
  const around = ['NO_PROXY', 'no_proxy'].find((name) =>
    (environment(name) ?? '')
      .split(/[\s,]+/)
      .some(
        (entry) =>
          entry === '*' || 'inference.local'.endsWith(entry.replace(/^\*?\.?/, '.')) || entry === 'inference.local',
      ),
  )
  return around
    ? fail('no-proxy', `${around} sends inference.local around the proxy`, `unset ${around}`)
    : ok('no-proxy', 'inference.local goes through the proxy')
}

function pluginFinding({ profiles, failures }: ProfileCatalogue): Finding {
  const [broken] = failures
  return broken
    ? fail('plugins', `${broken.package}: ${broken.reason}`, `nemoclaw plugins uninstall ${broken.package}`)
    : ok('plugins', `provider types ${profiles.map(({ profile }) => profile.providerType).join(', ')}`)
}

async function storeFinding(state: StateDirectory, environment: DoctorOptions['environment']): Promise<Finding> {
  const choice = readStoreChoice(state)
  if (!choice) {
    return skip('credential-store', 'not chosen yet; the first "nemoclaw provider create" chooses it')
  }
  if (choice.kind === 'file') {
    return ok('credential-store', `a sealed file (${choice.because})`)
  }
  await credentialStores({ directory: state, environment }).keychain.probe()
  return ok('credential-store', 'the keychain stores, reads and deletes')
}

async function routeFinding({ store, profiles, environment }: DoctorOptions, state: StateDirectory): Promise<Finding> {
  const { providers, inference } = await store.read()
  if (Object.keys(providers).length === 0 && !inference) {
    return skip('route', 'no provider yet; create one: nemoclaw provider create --help')
  }
  const routes = await LiveRoutes.open({
    store,
    profiles,
    credentials: {
      stores: credentialStores({ directory: state, environment }),
      references: new ReferenceResolver({ environment }),
      fingerprint: await openFingerprint(state),
    },
    onEvent: () => {},
  })
  try {
    const { providerName, model, baseUrl } = await routes.resolve()
    return ok('route', `inference.local -> ${providerName}, ${model}, at ${baseUrl}; its credential can be had`)
  } finally {
    routes.close()
  }
}

async function proxyFinding({ data }: StateFolders): Promise<Finding> {
  const [session] = readSessions(sessionDirectoryOf(data))
  if (!session) {
    return skip('proxy', 'none is running; start it: nemoclaw proxy run')
  }
  const { url, pid, problems } = await askControlSocket(session)
  const [problem] = problems
  return problem === undefined
    ? ok('proxy', `listens on ${url} (pid ${pid})`)
    : fail('proxy', problem, 'nemoclaw cluster inference get')
}

async function inferenceFinding({ data }: StateFolders, ca: CaStore): Promise<Finding> {
  const [session] = readSessions(sessionDirectoryOf(data))
  if (!session) {
    return skip('inference.local', 'not asked: no proxy is running')
  }
  const root = readFileSync(ca.rootPath, 'latin1')
  const { status, content } = await askThroughProxy({ proxyUrl: session.url, token: session.token, root })
  if (status === 200) {
    const { data: models } = JSON.parse(content) as { data: { id: string }[] }
    return ok('inference.local', `CONNECT, TLS and /v1/models work; offered: ${models.map(({ id }) => id).join(', ')}`)
  }
  const { error } = JSON.parse(content) as { error?: { message?: string } }
  return fail('inference.local', error?.message ?? `/v1/models answered ${status}`, 'nemoclaw proxy status')
}
