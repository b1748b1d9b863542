import { fileURLToPath } from 'node:url'

/**
 * How a Node program is led to the proxy. Node's own fetch reads HTTPS_PROXY from 24.0 and 22.21 on, where
 * NODE_USE_ENV_PROXY asks for it; before, undici's agent has to be put in its place.
 */
export interface NodeWay {
  readonly name: string
  /** Parameters for `node`, before the program. */
  readonly parameters: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const PRELOAD = fileURLToPath(new URL('programs/use-environment-proxy.mjs', import.meta.url))

export const BY_PRELOAD: NodeWay = {
  name: "undici's EnvHttpProxyAgent in a preload",
  parameters: ['--import', PRELOAD],
  environment: {},
}

export const BY_NODE_ITSELF: NodeWay = {
  name: 'NODE_USE_ENV_PROXY=1',
  parameters: [],
  environment: { NODE_USE_ENV_PROXY: '1' },
}

/** Leaves it to the program. */
export const UNAIDED: NodeWay = { name: 'nothing', parameters: [], environment: {} }

/** Whether this Node's fetch can be told to read HTTPS_PROXY. */
export const NODE_READS_PROXY_VARIABLES = process.allowedNodeEnvironmentFlags.has('--use-env-proxy')

/** The way that users of this Node take. */
export const USUAL_NODE_WAY = NODE_READS_PROXY_VARIABLES ? BY_NODE_ITSELF : BY_PRELOAD
