import type { AllowedEndpoint, AllowOptions } from './allow-egress.js'
import { authorityText } from './endpoint-argument.js'
import type { RemainingEndpoint, RevokedEndpoint } from './revoke-egress.js'

interface AllowFlags {
  readonly name?: string | undefined
  readonly 'allowed-ip'?: readonly string[] | undefined
  readonly private?: boolean | undefined
  readonly binary?: readonly string[] | undefined
}

export function allowOptionsFrom(endpoints: readonly string[], flags: AllowFlags): AllowOptions {
  return {
    endpoints,
    allowedIps: flags['allowed-ip'] ?? [],
    takesPrivate: flags.private ?? false,
    binaries: flags.binary ?? [],
    ...(flags.name === undefined ? {} : { name: flags.name }),
  }
}

/** `policy allow` for a person. */
export function allowedLines(allowed: readonly AllowedEndpoint[], shownAs: string): string {
  return allowed
    .map(({ already, policy, line, ...endpoint }) => {
      const what = authorityText(endpoint)
      return already
        ? `${what} is allowed already, by policy ${policy}: ${shownAs}:${line}`
        : `✓ Allowed ${what} in policy ${policy}: ${shownAs}:${line}`
    })
    .join('\n')
}

/** `policy revoke` for a person. */
export function revokedLines(revoked: readonly RevokedEndpoint[]): string {
  return revoked.map((endpoint) => `✓ Revoked ${authorityText(endpoint)} from policy ${endpoint.policy}`).join('\n')
}

export function remainingLines(remaining: readonly RemainingEndpoint[], shownAs: string): readonly string[] {
  return remaining.map(({ host, policy, line }) => `still allowed by ${host} in policy ${policy}: ${shownAs}:${line}`)
}
