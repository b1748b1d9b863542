import { connect } from 'node:net'
import type { ResolvedRoute } from '@nemoclaw/proxy-core'
import type { SessionStatus } from '../session/session-status.js'
import { type Finding, fail, ok, skip } from './finding.js'

const REACH_LIMIT_MS = 5_000

/** What `inference.local` leads to: what the running proxy says where a routes file replaces the stored route. */
export function routeFinding(route: ResolvedRoute | undefined, status: SessionStatus | undefined): Finding {
  if (status?.configuration === 'routes_file') {
    const served = status.route
      ? `inference.local -> ${status.route.provider}, ${status.route.model}`
      : 'no usable route'
    return ok('route', `the running proxy serves ${status.routesFile} instead of the stored route: ${served}`)
  }
  if (!route) return skip('route', 'no provider yet; create one: nemoclaw provider create --help')
  const { providerName, model, baseUrl } = route
  return ok('route', `inference.local -> ${providerName}, ${model}, at ${baseUrl}; its credential can be had`)
}

/** Whether anything answers where the stored route leads. Asks for nothing: that would cost tokens. */
export async function providerFinding(
  route: ResolvedRoute | undefined,
  status: SessionStatus | undefined,
): Promise<Finding> {
  if (status?.configuration === 'routes_file') return skip('provider', 'not reached for: it is in a routes file')
  if (!route) return skip('provider', 'none yet')
  const { providerName, baseUrl } = route
  const verify = `nemoclaw provider verify ${providerName}`
  const { origin, hostname, port, protocol } = new URL(baseUrl)
  const problem = await reach(hostname.replace(/^\[(.*)\]$/, '$1'), Number(port) || (protocol === 'http:' ? 80 : 443))
  return problem === undefined
    ? ok('provider', `${origin} accepts connections; to ask it for a few tokens: ${verify}`)
    : fail('provider', `${origin} does not answer (${problem})`, `Start it, or check its base URL: ${verify}`)
}

/** @returns Why no TCP connection could be made. */
function reach(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: REACH_LIMIT_MS })
    const end = (problem: string | undefined) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`no connection within ${REACH_LIMIT_MS / 1000} s`))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}
