import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { servedLine, servedRecord } from '../../serve/served-record.js'
import { startFailure } from '../../serve/start-failure.js'
import { untilSignal } from '../../serve/until-signal.js'
import type { MockProviderOptions } from '../../start-mock-provider.js'

export default class MockServe extends Command {
  static override summary = 'Run the embedded mock provider on this machine, until a signal ends it.'
  static override description =
    'Speaks every dialect that nemoclaw serves, streams, and misbehaves by model name: GET /v1/models lists the names.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --port 0 --api-key-from-env MOCK_API_KEY --json',
  ]
  static override flags = {
    port: Flags.integer({ summary: 'TCP port on 127.0.0.1; 0 picks a free one.', default: 4141, min: 0, max: 65_535 }),
    'api-key-from-env': Flags.string({
      summary: 'Accept only the key in this environment variable; without, any key and none.',
      helpValue: 'NAME',
    }),
    delay: Flags.integer({ summary: 'Milliseconds between two pieces of a stream.', default: 20, min: 0, max: 60_000 }),
    json: Flags.boolean({ summary: 'Print one JSON object per line: where it listens, then each request.' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(MockServe)
    const provider = await this.#start({
      port: flags.port,
      pieceDelayMs: flags.delay,
      onServed: (received) => {
        const record = servedRecord(received)
        this.log(flags.json ? JSON.stringify(record) : servedLine(record))
      },
      ...this.#apiKey(flags['api-key-from-env']),
    })
    this.log(
      flags.json
        ? JSON.stringify({ event: 'listening', url: provider.url, port: provider.port, pid: process.pid })
        : `Mock provider at ${provider.url}\nTry: curl ${provider.url}/models   Stop: Ctrl+C`,
    )
    await untilSignal()
    await provider[Symbol.asyncDispose]()
  }

  #apiKey(name: string | undefined): { apiKey?: string } {
    const apiKey = name === undefined ? undefined : process.env[name]
    if (name !== undefined && !apiKey) {
      this.error(`--api-key-from-env ${name} requires local env var '${name}' to be set to a non-empty value`, {
        exit: 2,
      })
    }
    return apiKey === undefined ? {} : { apiKey }
  }

  async #start(options: MockProviderOptions & { readonly port: number }) {
    // Not at the top: where no manifest was packed, oclif imports every command to list it.
    const { startMockProvider } = await import('../../start-mock-provider.js')
    try {
      return await startMockProvider(options)
    } catch (error) {
      const failure = startFailure(error, options.port)
      if (!failure) throw error
      this.error(failure.message, { exit: 1, suggestions: failure.suggestions })
    }
  }
}
