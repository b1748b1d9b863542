import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'
import { UserError } from '../user-error.js'
import { editPolicy, type PolicyState } from './edit-policy.js'
import { withoutPortText } from './edit-policy-text.js'
import { authorityText, type EndpointArgument, parseEndpointArgument } from './endpoint-argument.js'
import { type EndpointPlace, findNaming } from './find-covering.js'
import { findExact, withoutPort } from './plan-revoke.js'
import type { PolicyFile } from './policy-file.js'
import { endpointLine, outlinePolicy } from './policy-outline.js'

/** What was removed; what `--json` prints, and so a public contract. */
export interface RevokedEndpoint {
  readonly host: string
  readonly port: number
  readonly policy: string
}

/** An endpoint that allows what was revoked all the same. */
export interface RemainingEndpoint extends RevokedEndpoint {
  /** Line of the file, from 1. */
  readonly line: number
}

export interface RevokeResult {
  readonly file: string
  readonly revoked: readonly RevokedEndpoint[]
  readonly remaining: readonly RemainingEndpoint[]
}

/**
 * Removes the endpoints that name exactly the hosts and ports given, all of them or, where one is not there, none.
 *
 * @param name - The only policy to remove from.
 * @throws {UserError} `ERR_POLICY_ARGUMENT` (exit code 2); `ERR_POLICY_ENDPOINT_NOT_FOUND`, which says what allows it
 *   all the same; those of `editPolicy`.
 */
export async function revokeEgress(
  file: PolicyFile,
  { endpoints, name }: { readonly endpoints: readonly string[]; readonly name?: string },
  platform: NodeJS.Platform = process.platform,
): Promise<RevokeResult> {
  const wanted = endpoints.map(parseEndpointArgument)
  const revoked: RevokedEndpoint[] = []
  const { after } = await editPolicy(
    file,
    (before) =>
      wanted.reduce((state, argument) => {
        const places = findExact(state.egress, argument, name)
        if (places.length === 0) throw notFound(file, before, argument, name)
        revoked.push(...places.map(({ policy }) => ({ host: argument.host, port: argument.port, policy })))
        // From the end, so that the places in front stay where they are.
        return places.toReversed().reduce((left, place) => removed(left, place, argument.port), state)
      }, before),
    platform,
  )
  return { file: file.path, revoked, remaining: wanted.flatMap((argument) => remaining(after, argument)) }
}

function removed({ text, egress }: PolicyState, place: EndpointPlace, port: number): PolicyState {
  return { text: withoutPortText(text, place, port), egress: withoutPort(egress, place, port) }
}

function remaining({ text, egress }: PolicyState, { host, port }: EndpointArgument): readonly RemainingEndpoint[] {
  const place = findNaming(egress, host, port)
  if (!place) return []
  return [{ ...shown(egress, place, port), line: endpointLine(text, outlinePolicy(text), place) }]
}

function shown(egress: EgressPolicy, place: EndpointPlace, port: number): RevokedEndpoint {
  const endpoint = egress.policies.find(({ name }) => name === place.policy)?.endpoints[place.index]
  return { host: endpoint?.host ?? endpoint?.allowedIps.join(', ') ?? '', port, policy: place.policy }
}

function notFound(
  file: PolicyFile,
  state: PolicyState,
  argument: EndpointArgument,
  name: string | undefined,
): UserError {
  const [still] = remaining(state, argument)
  const where = name === undefined ? file.shownAs : `policy ${name} of ${file.shownAs}`
  const elsewhere = file.directory ? '' : ` --policy ${file.shownAs}`
  const found = still && findExact(state.egress, still).length > 0
  return new UserError('ERR_POLICY_ENDPOINT_NOT_FOUND', `no endpoint names ${authorityText(argument)} in ${where}`, {
    suggestions: still
      ? [
          `It is allowed by ${still.host} in policy ${still.policy}: ${file.shownAs}:${still.line}`,
          ...(found
            ? [`To remove that: nemoclaw policy revoke '${authorityText(still)}' --name ${still.policy}${elsewhere}`]
            : []),
        ]
      : [`See what is allowed: nemoclaw policy show${elsewhere}`],
  })
}
