import { INFERENCE_PROTOCOLS, type InferenceProtocol } from '@nemoclaw/proxy-core/provider'
import { isScalar, isSeq, type Node } from 'yaml'
import { parseReference } from '../credential/credential-reference.js'
import { checkBaseUrl } from '../provider/check-base-url.js'
import { UserError } from '../user-error.js'
import { type PlainYaml, parsePlainYaml, yamlEntries } from './plain-yaml.js'

/** One route of a routes file, as written. */
export interface FileRoute {
  readonly name: 'inference.local'
  readonly endpoint: string
  readonly model: string
  readonly providerType: string
  /** Those of the provider type where left out. */
  readonly protocols?: readonly InferenceProtocol[]
  /** `env:NAME` or `file:PATH`; absent for a server that asks for no credential. */
  readonly credential?: string
}

const KEYS = ['name', 'endpoint', 'model', 'provider_type', 'protocols', 'api_key_env', 'credential'] as const
/** A key in clear ends up in backups and in version control. */
const REFUSED_KEYS = new Map([
  ['api_key', 'a literal "api_key" is not read from a file; name its variable: api_key_env'],
])
const MAX_TEXT_LENGTH = 8 * 1024

/**
 * Reads a routes file: `routes: [{ name: inference.local, endpoint: URL, model: ID, provider_type: TYPE, ... }]`.
 *
 * @param shownAs - What messages call the file.
 * @throws {UserError} `ERR_ROUTES_FILE_INVALID` with line and column.
 */
export function parseRoutesFile(text: string, shownAs: string): FileRoute {
  const yaml = parsePlainYaml(text, shownAs, invalid)
  const routes = yamlEntries(yaml.root, ['routes'], yaml).get('routes')
  if (!isSeq(routes) || routes.items.length === 0) {
    return yaml.fail('"routes" must be a list with one route', routes ?? yaml.root)
  }
  const [route, second] = routes.items as Node[]
  if (second) return yaml.fail('only one route, named inference.local, can be served', second)
  return new RouteReader(route!, yaml).read()
}

function invalid(message: string): UserError {
  return new UserError('ERR_ROUTES_FILE_INVALID', message, {
    suggestions: [
      'A route: { name: inference.local, endpoint: URL, model: ID, provider_type: TYPE, api_key_env: NAME }',
    ],
  })
}

class RouteReader {
  readonly #route: Node
  readonly #yaml: PlainYaml
  readonly #values: ReadonlyMap<string, Node>

  constructor(route: Node, yaml: PlainYaml) {
    this.#route = route
    this.#yaml = yaml
    this.#values = yamlEntries(route, KEYS, yaml, REFUSED_KEYS)
  }

  read(): FileRoute {
    if (this.#required('name') !== 'inference.local') this.#refuse('name', 'must be inference.local')
    const endpoint = this.#required('endpoint')
    const protocols = this.#protocols()
    const credential = this.#credential()
    return {
      name: 'inference.local',
      endpoint: this.#checked('endpoint', () => checkBaseUrl(endpoint)),
      model: this.#required('model'),
      providerType: this.#required('provider_type'),
      ...(protocols && { protocols }),
      ...(credential !== undefined && { credential }),
    }
  }

  #credential(): string | undefined {
    const variable = this.#text('api_key_env')
    const reference = this.#text('credential')
    if (variable !== undefined && reference !== undefined)
      this.#refuse('credential', 'stands beside "api_key_env"; give one')
    if (variable !== undefined) {
      this.#checked('api_key_env', () => parseReference(`env:${variable}`))
      return `env:${variable}`
    }
    if (reference === undefined) return undefined
    const { kind } = this.#checked('credential', () => parseReference(reference))
    if (kind === 'exec') this.#refuse('credential', 'runs no program from a file: use env:NAME or file:PATH')
    return reference
  }

  #protocols(): readonly InferenceProtocol[] | undefined {
    const node = this.#values.get('protocols')
    if (node === undefined) return undefined
    if (!isSeq(node) || node.items.length === 0) return this.#refuse('protocols', 'must be a list of protocol names')
    return (node.items as Node[]).map((item) => {
      const known = INFERENCE_PROTOCOLS.find((protocol) => isScalar(item) && item.value === protocol)
      return known ?? this.#yaml.fail(`unknown protocol; known: ${INFERENCE_PROTOCOLS.join(', ')}`, item)
    })
  }

  #required(key: (typeof KEYS)[number]): string {
    return this.#text(key) ?? this.#yaml.fail(`"${key}" is missing`, this.#route)
  }

  #text(key: (typeof KEYS)[number]): string | undefined {
    const node = this.#values.get(key)
    if (node === undefined) return undefined
    if (!isScalar(node) || typeof node.value !== 'string' || node.value === '')
      return this.#refuse(key, 'must be a text')
    if (node.value.length > MAX_TEXT_LENGTH) return this.#refuse(key, `is longer than ${MAX_TEXT_LENGTH} characters`)
    if (/[\u0000-\u001f\u007f-\u009f]/.test(node.value)) return this.#refuse(key, 'holds a control character')
    return node.value
  }

  #refuse(key: (typeof KEYS)[number], why: string): never {
    return this.#yaml.fail(`"${key}" ${why}`, this.#values.get(key))
  }

  /** Gives what the check of a single value throws the place of that value. */
  #checked<Result>(key: (typeof KEYS)[number], check: () => Result): Result {
    try {
      return check()
    } catch (error) {
      return this.#refuse(key, (error as Error).message)
    }
  }
}
