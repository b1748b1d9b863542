import type { CallingPrograms } from '../access/calling-program.js'
import { isNonGlobalAddress } from '../address/address-class.js'
import { ProxyError } from '../proxy-error.js'
import type { AddressVerdict } from './address-guard.js'
import type { EgressRequest, NameDenial } from './decide-egress.js'
import { isVisible, shellWord, visibleText } from './shell-word.js'

type AddressDenial = Extract<AddressVerdict, { readonly action: 'deny' }>

/** What stood against a destination. */
export type EgressDenial =
  | NameDenial
  | { readonly why: 'address'; readonly policy: string; readonly verdict: AddressDenial }
  | { readonly why: 'too_many_addresses'; readonly policy: string; readonly count: number }
  /** It is the proxy itself. */
  | { readonly why: 'self'; readonly policy: string }
  /** The policy was changed meanwhile. */
  | { readonly why: 'revoked'; readonly policy: string }

export const ALLOW_COMMAND = 'nemoclaw policy allow'

/** A destination that the policy or the address guard denies, with what a person can do about it. */
export class EgressDenied extends ProxyError {
  readonly denial: EgressDenial
  /** The network policy that came nearest. */
  readonly policy: string | undefined
  /** Commands and sentences, the most helpful first; empty where nothing can allow it. */
  readonly nextSteps: readonly string[]
  /** Executables behind the connection, where they were the reason. */
  readonly programs: readonly string[]

  /** @param allowCommand - What allows a destination, to be completed. */
  constructor({ host, port, via }: EgressRequest, denial: EgressDenial, allowCommand = ALLOW_COMMAND) {
    const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    super('ERR_DESTINATION_DENIED', `Egress to ${authority} is denied: ${explain(denial, via)}.`)
    this.denial = denial
    this.policy = 'policy' in denial && denial.policy !== '' ? denial.policy : undefined
    this.programs = denial.why === 'program' ? callingExecutables(denial.programs) : []
    this.nextSteps = nextSteps({ host, via }, `${allowCommand} ${shellWord(authority)}`, denial)
  }
}

function explain(denial: EgressDenial, via: EgressRequest['via']): string {
  switch (denial.why) {
    case 'never':
      return 'no policy can allow this machine itself or a metadata service'
    case 'no_policy':
      return 'no policy allows it'
    case 'port':
      return `the policy allows this host on port ${denial.ports.join(', ')} only`
    case 'program':
      return `policy "${denial.policy}" allows it to other programs only${callers(denial)}`
    case 'no_allowed_ips':
      return (
        `policy "${denial.policy}" lists no allowed_ips for it, and in clear text only private addresses that are ` +
        'listed are reached; use https'
      )
    case 'ambiguous_path':
      return `policy "${denial.policy}" has rules for paths, and this path can be read in more than one way`
    case 'method_or_path':
      return `the rules of policy "${denial.policy}" do not allow this method and path`
    case 'address':
      return explainAddress(denial.verdict, denial.policy, via)
    case 'too_many_addresses':
      return `its name has ${denial.count} addresses, more than can be checked`
    case 'self':
      return 'it leads back to this proxy'
    case 'revoked':
      return 'the policy was changed'
  }
}

function explainAddress(
  { address, why, addressClass }: AddressDenial,
  policy: string,
  via: EgressRequest['via'],
): string {
  const kind = addressClass === undefined ? 'no address' : `a ${addressClass} address`
  switch (why) {
    case 'never':
      return `${address} is ${kind}, which no policy can allow`
    case 'not_global':
      return `${address} is ${kind}, and ${policy === '' ? 'no policy lists it' : `policy "${policy}" does not list it`} in allowed_ips`
    case 'not_listed':
      return `policy "${policy}" does not list ${address} in its allowed_ips`
    case 'not_private':
      return `${address} is ${kind}, and in clear text (${via}) only private ones are reached; use https`
  }
}

function callers({ programs }: Extract<EgressDenial, { readonly why: 'program' }>): string {
  return programs === undefined
    ? ', and the program behind this connection cannot be told'
    : `, not to ${callingExecutables(programs).map(visibleText).join(' and ')}`
}

function nextSteps(
  { host, via }: Pick<EgressRequest, 'host' | 'via'>,
  allow: string,
  denial: EgressDenial,
): readonly string[] {
  switch (denial.why) {
    case 'no_policy':
    case 'port':
      return [via === 'forward' || isNonGlobalAddress(host) ? `${allow} --private` : allow]
    case 'program': {
      const paths = callingExecutables(denial.programs)
      // A client chooses what its program is called: a path that is a pattern, or not what it looks like, is none to paste.
      const areNameable = paths.length > 0 && paths.every((path) => isVisible(path) && !path.includes('*'))
      return areNameable ? [[allow, ...paths.map((path) => `--binary ${shellWord(path)}`)].join(' ')] : []
    }
    case 'no_allowed_ips':
      return [`${allow} --private`]
    case 'address': {
      const { address, why } = denial.verdict
      return why === 'not_global' || why === 'not_listed'
        ? [`${allow} --allowed-ip ${address}/${address.includes(':') ? 128 : 32}`]
        : []
    }
    default:
      return []
  }
}

function callingExecutables(programs: CallingPrograms | undefined): readonly string[] {
  return [...new Set(programs?.processes.flatMap(([executable]) => executable ?? []))]
}
