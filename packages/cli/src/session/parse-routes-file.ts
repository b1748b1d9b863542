import { INFERENCE_PROTOCOLS, type InferenceProtocol } from '@nemoclaw/proxy-core/provider'
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { parseReference } from '../credential/credential-reference.js'
import { checkBaseUrl } from '../provider/base-url.js'
import { UserError } from '../user-error.js'

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

const KEYS = ['name', 'endpoint', 'model', 'provider_type', 'protocols', 'api_key', 'api_key_env', 'credential']

/**
 * Reads a routes file: YAML 1.2 with plain values only, every mistake with its line and column.
 *
 * @param shownAs - What messages call the file.
 * @throws {UserError} `ERR_ROUTES_FILE_INVALID`.
 */
export function parseRoutesFile(text: string, shownAs: string): FileRoute {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    customTags: [],
    maxAliasCount: 0,
  } as object)
  const fail = (why: string, node?: Node | null): never => {
    const at = node?.range ? lines.linePos(node.range[0]) : undefined
    throw new UserError('ERR_ROUTES_FILE_INVALID', `${shownAs}${at ? `:${at.line}:${at.col}` : ''}: ${why}`, {
      suggestions: [
        'A route: { name: inference.local, endpoint: URL, model: ID, provider_type: TYPE, api_key_env: NAME }',
      ],
    })
  }
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    const at = lines.linePos(problem.pos[0])
    throw new UserError('ERR_ROUTES_FILE_INVALID', `${shownAs}:${at.line}:${at.col}: ${problem.message.split('\n')[0]}`)
  }
  const root = document.contents
  if (!isMap(root)) return fail('expected a mapping with the key "routes"', root)
  const routes = entries(root.items as Pair[], ['routes'], fail).get('routes')
  if (!isSeq(routes) || routes.items.length === 0) return fail('"routes" must be a list with one route', routes ?? root)
  const [route, second] = routes.items as Node[]
  if (second) return fail('only one route, named inference.local, can be served yet', second)
  if (!isMap(route)) return fail('a route must be a mapping', route)
  return fileRoute(entries(route.items as Pair[], KEYS, fail), fail, route)
}

type Fail = (why: string, node?: Node | null) => never

function fileRoute(values: ReadonlyMap<string, Node>, fail: Fail, route: Node): FileRoute {
  const text = (key: string): string | undefined => {
    const node = values.get(key)
    if (node === undefined) return undefined
    if (!isScalar(node) || typeof node.value !== 'string' || node.value === '')
      return fail(`"${key}" must be a text`, node)
    return node.value
  }
  const required = (key: string): string => text(key) ?? fail(`"${key}" is missing`, route)

  const name = required('name')
  if (name !== 'inference.local') return fail('"name" must be inference.local', values.get('name'))
  if (values.has('api_key')) {
    return fail('a literal "api_key" is not read from a file; name its variable: api_key_env', values.get('api_key'))
  }
  const variable = text('api_key_env')
  const reference = text('credential')
  if (variable !== undefined && reference !== undefined) {
    return fail('give either "api_key_env" or "credential", not both', values.get('credential'))
  }
  const credential = reference ?? (variable === undefined ? undefined : `env:${variable}`)
  if (credential !== undefined) {
    const node = values.get(reference === undefined ? 'api_key_env' : 'credential') ?? route
    if (checked(() => parseReference(credential), fail, node).kind === 'exec') {
      return fail('exec: is not run from a file; use env: or file:', node)
    }
  }
  const protocols = protocolList(values.get('protocols'), fail)
  return {
    name: 'inference.local',
    endpoint: checked(() => checkBaseUrl(required('endpoint')), fail, values.get('endpoint') ?? route),
    model: required('model'),
    providerType: required('provider_type'),
    ...(protocols && { protocols }),
    ...(credential !== undefined && { credential }),
  }
}

/** Gives what a check of a single value throws the place of that value. */
function checked<Result>(check: () => Result, fail: Fail, node: Node): Result {
  try {
    return check()
  } catch (error) {
    return fail((error as Error).message, node)
  }
}

function protocolList(node: Node | undefined, fail: Fail): readonly InferenceProtocol[] | undefined {
  if (node === undefined) return undefined
  if (!isSeq(node) || node.items.length === 0) return fail('"protocols" must be a list of protocol names', node)
  return node.items.map((item) => {
    const protocol = INFERENCE_PROTOCOLS.find((known) => isScalar(item) && item.value === known)
    return protocol ?? fail(`unknown protocol; known: ${INFERENCE_PROTOCOLS.join(', ')}`, item as Node)
  })
}

function entries(pairs: readonly Pair[], allowed: readonly string[], fail: Fail): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>()
  for (const { key, value } of pairs) {
    const name = isScalar(key) ? key.value : undefined
    if (typeof name !== 'string' || !allowed.includes(name)) {
      return fail(`unknown key; accepted: ${allowed.filter((known) => known !== 'api_key').join(', ')}`, key as Node)
    }
    found.set(name, value as Node)
  }
  return found
}
