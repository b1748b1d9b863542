import { SDK_ENVIRONMENT } from '../agent/sdk-environment.js'
import { reachableUrl } from './reachable-url.js'

export interface ClientEnvironmentOptions {
  /** Where the proxy listens, e.g. `http://127.0.0.1:4140`. */
  readonly proxyUrl: string
  readonly token: string
  /** PEM of our root, for variables that add to the roots. */
  readonly rootPath: string
  /** PEM of the system's roots and ours, for variables that replace them. */
  readonly bundlePath: string
}

/** Variables that replace a runtime's roots, each read by another one. */
const BUNDLE_VARIABLES = [
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
  'AWS_CA_BUNDLE',
] as const

/** The environment that leads a client to the proxy and lets it trust what it meets there. */
export function clientEnvironment({
  proxyUrl,
  token,
  rootPath,
  bundlePath,
}: ClientEnvironmentOptions): Readonly<Record<string, string>> {
  const url = reachableUrl(proxyUrl)
  url.username = 'nemoclaw'
  url.password = token
  const proxy = url.href.replace(/\/$/, '')
  return {
    // Both spellings: curl reads only the lower-case http_proxy, Go prefers the upper-case one.
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    // Emptied: an inherited list could send inference.local around the proxy.
    NO_PROXY: '',
    no_proxy: '',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: rootPath,
    ...Object.fromEntries(BUNDLE_VARIABLES.map((name) => [name, bundlePath])),
    ...SDK_ENVIRONMENT,
  }
}

/** The environment as lines for a POSIX shell to evaluate. */
export function shellExports(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`)
    .join('\n')
}
