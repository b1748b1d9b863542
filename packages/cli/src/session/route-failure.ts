import { ProxyError, type ProxyErrorCode } from '@nemoclaw/proxy-core'
import { UserError } from '../user-error.js'

/**
 * What an agent's client is told of a route that cannot be resolved: the command that mends it is part of it. Paths of
 * this machine are not; they stay in the cause, which is for the operator.
 *
 * @returns What is no `UserError` as it is: a fault of ours, or already told.
 */
export function routeFailure(error: unknown, provider: string): unknown {
  if (!(error instanceof UserError)) return error
  const [failure, what] = classify(error.code, provider)
  const commands = error.suggestions.filter((line) => line.includes('nemoclaw '))
  const next = commands.length > 0 ? commands : ['To see why, where the proxy runs: nemoclaw doctor']
  return new ProxyError(failure, [`${what} (${error.code}).`, ...next].join(' '), { cause: error })
}

function classify(code: string, provider: string): [ProxyErrorCode, string] {
  switch (code) {
    case 'ERR_PROVIDER_TYPE_UNSUPPORTED':
      return ['ERR_PROVIDER_MISSING', `The type of provider "${provider}" is contributed by no installed plugin`]
    case 'ERR_BASE_URL_INVALID':
      return ['ERR_PROVIDER_MISSING', `The base URL of provider "${provider}" cannot be used`]
    case 'ERR_CREDENTIAL_ALTERED':
      return ['ERR_CREDENTIAL_UNAVAILABLE', `The credential reference of provider "${provider}" was changed by hand`]
    case 'ERR_CREDENTIAL_ORIGIN':
      return ['ERR_CREDENTIAL_UNAVAILABLE', `The credential of provider "${provider}" was entered for another address`]
    default:
      return ['ERR_CREDENTIAL_UNAVAILABLE', `The credential of provider "${provider}" cannot be had`]
  }
}
