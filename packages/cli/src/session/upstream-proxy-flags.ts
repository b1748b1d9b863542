import * as Flags from '@oclif/core/flags'

/** For every command that reaches providers or destinations; read by `readUpstreamProxy`. */
export const upstreamProxyFlags = {
  'upstream-proxy': Flags.string({
    summary: 'HTTP proxy that leads outside, e.g. http://proxy.corp:3128; else $NEMOCLAW_UPSTREAM_PROXY.',
    helpValue: 'URL',
  }),
  'upstream-proxy-ca': Flags.string({
    summary: 'PEM file of a CA to trust for an https:// upstream proxy, and for nothing else.',
    helpValue: 'FILE',
  }),
  'upstream-proxy-credential': Flags.string({
    summary: 'Where user:password for the upstream proxy is: env:NAME or file:PATH.',
    helpValue: 'REF',
  }),
}
