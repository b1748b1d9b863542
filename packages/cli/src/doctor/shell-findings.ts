import { reachableUrl } from '../session/reachable-url.js'
import type { SessionRecord } from '../session/session-file.js'
import { type Finding, fail, ok, skip, warn } from './finding.js'

type Environment = (name: string) => string | undefined

const EVALUATE = 'eval "$(nemoclaw env)"'

export function nodeFinding(version: string): Finding {
  const [major = 0] = version.split('.').map(Number)
  if (major >= 22) return ok('node', version)
  const message = `${version} works, but is past its end of life, and its fetch ignores HTTPS_PROXY`
  return warn('node', message, 'Install Node.js 24')
}

export function verificationFinding(environment: Environment): Finding {
  return environment('NODE_TLS_REJECT_UNAUTHORIZED') === '0'
    ? fail(
        'tls-verification',
        'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: the proxy refuses to start, and clients trust anybody',
        'unset NODE_TLS_REJECT_UNAUTHORIZED',
      )
    : ok('tls-verification', 'on')
}

/** Whether the programs of this shell reach a proxy that is running, where they are led to one of ours at all. */
export function shellFinding(environment: Environment, running: readonly SessionRecord[]): Finding {
  const text = environment('HTTPS_PROXY') ?? environment('https_proxy') ?? ''
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy?.username !== 'nemoclaw') {
    return skip('shell', `programs of this shell are not led to the proxy; this leads them: ${EVALUATE}`)
  }
  const session = running.find(({ url }) => reachableUrl(url).host === proxy.host)
  if (!session) {
    const message = `HTTPS_PROXY leads to ${proxy.host}, where no proxy of yours runs`
    return fail('shell', message, running.length > 0 ? EVALUATE : `nemoclaw proxy run, then: ${EVALUATE}`)
  }
  if (session.token !== proxy.password) {
    return fail('shell', 'HTTPS_PROXY holds the token of an earlier proxy', EVALUATE)
  }
  const around = ['NO_PROXY', 'no_proxy'].find((name) => leadsAround(environment(name) ?? ''))
  return around
    ? fail('shell', `${around} sends inference.local around the proxy`, EVALUATE)
    : ok('shell', `its programs are led to ${proxy.host}`)
}

/** Whether a list of hosts that no proxy is used for has inference.local in it, in any of the usual notations. */
function leadsAround(noProxy: string): boolean {
  return noProxy
    .split(/[\s,]+/)
    .map((entry) => entry.toLowerCase().replace(/:443$/, ''))
    .some((entry) => {
      const suffix = entry.replace(/^\*?\.?/, '.')
      return entry === '*' || entry === 'inference.local' || (suffix !== '.' && '.inference.local'.endsWith(suffix))
    })
}
