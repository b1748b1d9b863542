import { ProxyError, type ProxyErrorCode } from '@nemoclaw/proxy-core'
import { UserError } from '../user-error.js'

/**
 * What an agent's client is told of a route that cannot be resolved. The command that mends it is part of it; paths
 * of this machine are not, and stay in the cause, which is only logged.
 */
export function routeFailure(error: unknown, provider: string): ProxyError {
  if (error instanceof ProxyError) {
    return error
  }
  const code = error instanceof UserError ? error.code : 'unknown'
  const [failure, what] = classify(code, provider)
  const commands = error instanceof UserError ? error.suggestions.filter((line) => line.includes('nemoclaw ')) : []
  return new ProxyError(failure, [`${what} (${code}).`, ...commands].join(' '), { cause: error })
}

function classify(code: string, provider: string): [ProxyErrorCode, string] {
  switch (code) {
    case 'ERR_PROVIDER_MISSING':
    case 'ERR_PROVIDER_TYPE_UNSUPPORTED':
      return ['ERR_PROVIDER_MISSING', `Provider "${provider}", which the route names, or its type is not there`]
    default:
      return ['ERR_CREDENTIAL_UNAVAILABLE', `The credential of provider "${provider}" cannot be had`]
  }
}
