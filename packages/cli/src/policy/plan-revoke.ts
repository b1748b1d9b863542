import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'
import type { EndpointPlace } from './find-covering.js'

/** The endpoints that name exactly a host and port, in the policy named or in all. */
export function findExact(
  { policies }: EgressPolicy,
  { host, port }: { readonly host: string; readonly port: number },
  name?: string,
): readonly EndpointPlace[] {
  return policies
    .filter((policy) => name === undefined || policy.name === name)
    .flatMap((policy) =>
      policy.endpoints.flatMap((endpoint, index) =>
        endpoint.host === host && endpoint.ports.includes(port) ? [{ policy: policy.name, index }] : [],
      ),
    )
}

/** The policy without one port of an endpoint: an endpoint without ports goes, and so does a policy without endpoints. */
export function withoutPort({ policies }: EgressPolicy, place: EndpointPlace, port: number): EgressPolicy {
  return {
    policies: policies
      .map((policy) => {
        if (policy.name !== place.policy) return policy
        const endpoints = policy.endpoints
          .map((endpoint, index) =>
            index === place.index ? { ...endpoint, ports: endpoint.ports.filter((each) => each !== port) } : endpoint,
          )
          .filter(({ ports }) => ports.length > 0)
        return { ...policy, endpoints }
      })
      .filter(({ endpoints }) => endpoints.length > 0),
  }
}
