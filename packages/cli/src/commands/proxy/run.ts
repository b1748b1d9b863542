import * as Flags from '@oclif/core/flags'
import { NemoclawCommand } from '../../base-command.js'
import { policyFlag } from '../../policy/policy-flags.js'
import { DEFAULT_LISTEN } from '../../session/listen-address.js'
import { upstreamProxyFlags } from '../../session/upstream-proxy-flags.js'

export default class ProxyRun extends NemoclawCommand {
  static override enableJsonFlag = false // Its output is a log, not one value.
  static override summary = 'Run the proxy that serves https://inference.local, until a signal ends it.'
  static override description =
    'In another shell, `eval "$(nemoclaw env)"` leads clients to it. The first SIGINT or SIGTERM lets exchanges under ' +
    'way finish and refuses new ones; the second ends at once.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --listen 127.0.0.1:0 --log-format json',
  ]
  static override flags = {
    listen: Flags.string({
      summary: 'IP address and port, 0 for a free one; NAME=ADDRESS:PORT is one more, for the client of that name.',
      default: [DEFAULT_LISTEN],
      multiple: true,
    }),
    'allow-remote': Flags.boolean({ summary: 'Let other machines in, each with its own --client-token.' }),
    'client-token': Flags.string({ summary: 'NAME=FILE: a token that a client may use.', multiple: true, default: [] }),
    'inference-routes': Flags.string({ summary: 'Serve the route in this YAML file, not the stored one.' }),
    policy: policyFlag,
    learn: Flags.boolean({ summary: 'Let through what no policy allows, and record it for "policy suggest".' }),
    for: Flags.string({ summary: 'How long to learn, e.g. 30m (the default), at most 24h.' }),
    'upstream-ca': Flags.string({ summary: 'PEM file of a CA to trust for providers.', multiple: true, default: [] }),
    ...upstreamProxyFlags,
    'allow-origin': Flags.string({ summary: 'Origin of a web page that may call.', multiple: true, default: [] }),
    'drain-timeout': Flags.integer({ summary: 'Seconds for exchanges at the end.', default: 30, min: 0, max: 3600 }),
    'log-format': Flags.option({
      summary: 'One line per event.',
      options: ['text', 'json'] as const,
      default: 'text',
    })(),
  }

  async run(): Promise<never> {
    const { flags } = await this.parse(ProxyRun)
    const { followPlugins } = await import('../../session/follow-plugins.js')
    const { runProxy } = await import('../../session/run-proxy.js')
    return runProxy({
      ...flags,
      folders: this.folders,
      directory: this.stateDirectory,
      environment: this.environment,
      store: await this.configStore(),
      access: await this.credentialAccess(),
      profiles: followPlugins(this.config, (config) => this.profiles(config)),
      process,
    })
  }
}
