import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'

/** How much a policy names. */
export function policySize({ policies }: EgressPolicy): { readonly policies: number; readonly endpoints: number } {
  return { policies: policies.length, endpoints: policies.reduce((sum, { endpoints }) => sum + endpoints.length, 0) }
}
