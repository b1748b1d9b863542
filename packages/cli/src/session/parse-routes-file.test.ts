import { expect, test } from 'vitest'
import { parseRoutesFile } from './parse-routes-file.js'

const GOOD = `routes:
  - name: inference.local
    endpoint: http://localhost:1234/v1/
    model: local-model
    provider_type: openai
    protocols: [openai_chat_completions]
    api_key_env: OPENAI_API_KEY
`

/** The good file with one of its lines replaced. */
function withLine(key: string, line: string): string {
  return GOOD.replace(
    new RegExp(`^( +)(- )?${key}:.*$`, 'm'),
    (_, indent: string, dash = '') => `${indent}${dash}${line}`,
  )
}

function refusal(text: string): string {
  try {
    parseRoutesFile(text, 'routes.yaml')
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}

test('a route has an endpoint, a model, a provider type, and the name of the variable that holds its key', () => {
  expect(parseRoutesFile(GOOD, 'routes.yaml')).toEqual({
    name: 'inference.local',
    endpoint: 'http://localhost:1234/v1',
    model: 'local-model',
    providerType: 'openai',
    protocols: ['openai_chat_completions'],
    credential: 'env:OPENAI_API_KEY',
  })
})

test('a key may be in a file; protocols and key may be left out; JSON is YAML too', () => {
  const route = { name: 'inference.local', endpoint: 'http://127.0.0.1:1/v1', model: 'm', provider_type: 'mock' }

  expect(parseRoutesFile(withLine('api_key_env', 'credential: file:/run/secrets/key'), 'f').credential).toBe(
    'file:/run/secrets/key',
  )
  expect(parseRoutesFile(JSON.stringify({ routes: [route] }), 'f')).toEqual({
    name: 'inference.local',
    endpoint: 'http://127.0.0.1:1/v1',
    model: 'm',
    providerType: 'mock',
  })
})

test.each([
  [
    'an unknown key',
    withLine('model', 'modle: local-model'),
    /^routes\.yaml:4:5: unknown key; accepted: name, endpoint, model, provider_type, protocols, api_key_env, credential$/,
  ],
  ['an unknown key at the top', `route: []\n${GOOD}`, /^routes\.yaml:1:1: unknown key; accepted: routes$/],
  ['a key twice', withLine('model', 'model: a\n    model: b'), /^routes\.yaml:5:5: Map keys must be unique$/],
  ['a merge key', withLine('model', '<<: { model: a }'), /^routes\.yaml:4:5: unknown key/],
  [
    'a literal key',
    withLine('api_key_env', 'api_key: sk-123'),
    /^routes\.yaml:7:5: a literal "api_key" is not read from a file; name its variable: api_key_env$/,
  ],
  [
    'a program',
    withLine('api_key_env', 'credential: "exec:cat /etc/passwd"'),
    /^routes\.yaml:7:17: "credential" runs no program from a file: use env:NAME or file:PATH$/,
  ],
  [
    'two sources of a key',
    `${GOOD}    credential: env:OTHER\n`,
    /^routes\.yaml:8:17: "credential" stands beside "api_key_env"; give one$/,
  ],
  [
    'no reference',
    withLine('api_key_env', 'credential: sk-0123'),
    /^routes\.yaml:7:17: "credential" a reference begins with env:, file: or exec:$/,
  ],
  [
    'a relative path',
    withLine('api_key_env', 'credential: file:key'),
    /^routes\.yaml:7:17: "credential" file: needs an absolute path$/,
  ],
  [
    'what is no variable',
    withLine('api_key_env', 'api_key_env: 1-KEY'),
    /^routes\.yaml:7:18: "api_key_env" env: needs the name of an environment variable$/,
  ],
  ['an alias', `x: &a 1\nroutes: *a`, /^routes\.yaml:1:7: anchors \(&name\) are not accepted/],
  ['an alias to nothing', withLine('model', 'model: *a'), /^routes\.yaml:4:12: /],
  [
    'an anchor',
    withLine('model', 'model: &a m'),
    /^routes\.yaml:4:15: anchors \(&name\) are not accepted; write the value out$/,
  ],
  [
    'a tag',
    withLine('model', 'model: !!str m'),
    /^routes\.yaml:4:18: tags \(!name\) are not accepted; write a plain value$/,
  ],
  ['a tag that makes a function', withLine('model', 'model: !!js/function "x"'), /^routes\.yaml:4:12: Unresolved tag/],
  ['a tab', GOOD.replace('    model', '\tmodel'), /^routes\.yaml:4:1: Tabs are not allowed as indentation$/],
  ['a number for a text', withLine('model', 'model: 4'), /^routes\.yaml:4:12: "model" must be a text$/],
  ['nothing for a text', withLine('model', 'model:'), /^routes\.yaml:4:11: "model" must be a text$/],
  ['a list for a text', withLine('model', 'model: [a]'), /^routes\.yaml:4:12: "model" must be a text$/],
  [
    'a control character',
    withLine('model', 'model: "a\\nb"'),
    /^routes\.yaml:4:12: "model" holds a control character$/,
  ],
  ['no endpoint', GOOD.replace(/^ +endpoint:.*\n/m, ''), /^routes\.yaml:2:5: "endpoint" is missing$/],
  ['no model', GOOD.replace(/^ +model:.*\n/m, ''), /^routes\.yaml:2:5: "model" is missing$/],
  [
    'a relative URL',
    withLine('endpoint', 'endpoint: localhost/v1'),
    /^routes\.yaml:3:15: "endpoint" the base URL is not an absolute URL$/,
  ],
  [
    'a URL with a key in it',
    withLine('endpoint', 'endpoint: https://u:p@example.com/v1'),
    /^routes\.yaml:3:15: "endpoint" the base URL holds user information/,
  ],
  [
    'clear text to a public address',
    withLine('endpoint', 'endpoint: http://93.184.215.14/v1'),
    /^routes\.yaml:3:15: .*clear text/,
  ],
  ['a metadata address', withLine('endpoint', 'endpoint: http://169.254.169.254/v1'), /^routes\.yaml:3:15: /],
  [
    'a scheme of another kind',
    withLine('endpoint', 'endpoint: file:///etc/passwd'),
    /^routes\.yaml:3:15: .*must begin with https:/,
  ],
  [
    'an unknown protocol',
    withLine('protocols', 'protocols: [openai_chat_completions, smtp]'),
    /^routes\.yaml:6:42: unknown protocol; known: openai_chat_completions, /,
  ],
  [
    'protocols that are no list',
    withLine('protocols', 'protocols: openai_chat_completions'),
    /^routes\.yaml:6:16: "protocols" must be a list of protocol names$/,
  ],
  ['another name', withLine('name', 'name: example.com'), /^routes\.yaml:2:11: "name" must be inference.local$/],
  [
    'two routes',
    GOOD + GOOD.split('\n').slice(1).join('\n'),
    /^routes\.yaml:8:5: only one route, named inference.local, can be served$/,
  ],
  ['no route', 'routes: []', /^routes\.yaml:1:9: "routes" must be a list with one route$/],
  [
    'a route that is a text',
    'routes: [inference.local]',
    /^routes\.yaml:1:10: expected a mapping with the keys name, /,
  ],
  ['a list at the top', '- 1', /^routes\.yaml:1:1: expected a mapping with the keys routes$/],
  ['nothing', '', /^routes\.yaml:1:1: expected a mapping with the keys routes$/],
  ['two documents', `${GOOD}---\n${GOOD}`, /^routes\.yaml:8:1: Source contains multiple documents/],
  ['an open bracket', 'routes: [{', /^routes\.yaml:1:1[01]: /],
  ['what is no YAML', '\u0000\u0001@', /^routes\.yaml:1:1: /],
])('%s is refused with its place and what would be accepted', (_, text, message) => {
  expect(refusal(text)).toMatch(message)
})

test.each([
  '[',
  '{',
  '- ',
  '? ',
  '[{',
  '{a: ',
  'a: ',
  '!a ',
  '&a ',
  '- &a ',
  '[\n',
  '"',
  '|\n',
  '- !!x ',
  ': ',
  '-\t',
  '{? ',
  '- [',
  '-\n',
])('a text of nothing but %j does not take the process down: nested too deeply, or refused otherwise', (piece) => {
  expect(refusal(piece.repeat(Math.floor(65_536 / piece.length)))).toMatch(/^routes\.yaml:\d+:\d+: /)
})

test('no refusal quotes the file: a key that was put there by mistake stays there', () => {
  expect(refusal(withLine('api_key_env', 'credential: sk-secret-0123456789'))).not.toContain('sk-secret')
  expect(refusal(withLine('api_key_env', 'api_key: sk-secret-0123456789'))).not.toContain('sk-secret')
  expect(refusal(withLine('api_key_env', 'sk-secret-0123456789: 1'))).not.toContain('sk-secret')
  expect(refusal(withLine('api_key_env', 'api_key_env: sk-secret-0123456789'))).not.toContain('sk-secret')
})
