import type { PolicyEndpoint } from '@nemoclaw/proxy-core/policy'
import { expect, test } from 'vitest'
import { withEndpointText, withoutPortText } from './edit-policy-text.js'
import { parsePolicy } from './parse-policy.js'
import { withoutPort } from './plan-revoke.js'

const ENDPOINT: PolicyEndpoint = { host: 'new.example', ports: [443], allowedIps: [], resolve: [], rules: [] }

const add = (text: string, name = 'lab', endpoint = ENDPOINT) =>
  withEndpointText(text, { name, binaries: [] }, endpoint)
const parse = (text: string) => parsePolicy(text, { shownAs: 'p.yaml', platform: 'linux' }).egress

/** Comments, quotes and spacing as people write them. */
const HANDMADE = `# Ours.
version: 1

network_policies:   # what may be reached

  github:           # code
    # The API.
    endpoints:
      - { host: api.github.com, port: 443 }     # the API
      # Raw files.
      -   host: '*.githubusercontent.com'
          ports: [ 443,80 ]
      - {host: "codeload.github.com",ports: [443]}
      # that is all
    binaries: [{ path: /usr/bin/git }]

  lab:
    binaries:
      - path: /usr/bin/curl
    endpoints:
    - { host: 10.86.8.223, port: 8000, allowed_ips: ["10.86.8.223/32"] }
    # end of lab

# A very long line that no library shall fold: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
filesystem_policy: { include_workdir: true, read_only: [/usr, "/lib"] }
`

/** What \`diff\` shows: the lines that are only in one of two texts, in order. */
function difference(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < old.length && old[start] === now[start]) start++
  let end = 0
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++
  return [
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
  ]
}

test('an endpoint is added behind the last one of its policy, and no other line changes', () => {
  expect(difference(HANDMADE, add(HANDMADE, 'github'))).toEqual(['+      - { host: new.example, port: 443 }'])
  expect(difference(HANDMADE, add(HANDMADE, 'lab'))).toEqual(['+    - { host: new.example, port: 443 }'])
  expect(add(HANDMADE, 'github')).toContain(
    'ports: [443]}\n      - { host: new.example, port: 443 }\n      # that is all\n',
  )
})

test('a new policy is added behind the last one, indented as the first one is', () => {
  const endpoint = { ...ENDPOINT, host: '*.new.example', allowedIps: ['10.0.0.0/8', 'fd00::/8'] }

  const after = withEndpointText(HANDMADE, { name: 'true', binaries: ['/usr/bin/git', '/opt/my app/*'] }, endpoint)

  expect(difference(HANDMADE, after)).toEqual([
    '+  "true":',
    '+    endpoints:',
    '+      - { host: "*.new.example", port: 443, allowed_ips: ["10.0.0.0/8", "fd00::/8"] }',
    '+    binaries: [{ path: /usr/bin/git }, { path: "/opt/my app/*" }]',
  ])
  expect(parse(after).policies.at(-1)).toEqual({
    name: 'true',
    endpoints: [endpoint],
    binaries: ['/usr/bin/git', '/opt/my app/*'],
  })
})

const BLOCK = '  lab:\n    endpoints:\n      - { host: new.example, port: 443 }\n'

test.each([
  ['nothing', '', `version: 1\nnetwork_policies:\n${BLOCK}`],
  ['comments', '# Ours.\n', `# Ours.\nversion: 1\nnetwork_policies:\n${BLOCK}`],
  ['a comment without end of line', '# Ours.', `# Ours.\nversion: 1\nnetwork_policies:\n${BLOCK}`],
  ['a version', 'version: 1\n', `version: 1\nnetwork_policies:\n${BLOCK}`],
  ['a version without end of line', 'version: 1', `version: 1\nnetwork_policies:\n${BLOCK}`],
  [
    'a key without value',
    'version: 1\nnetwork_policies: # none yet\n',
    `version: 1\nnetwork_policies: # none yet\n${BLOCK}`,
  ],
  ['a key in front', 'network_policies:\nversion: 1\n', `network_policies:\n${BLOCK}version: 1\n`],
  ['braces', 'version: 1\nnetwork_policies: {} # none\n', `version: 1\nnetwork_policies: # none\n${BLOCK}`],
  [
    'null',
    'version: 1\nnetwork_policies: null\nlandlock: { compatibility: best_effort }\n',
    `version: 1\nnetwork_policies:\n${BLOCK}landlock: { compatibility: best_effort }\n`,
  ],
  [
    'other sections',
    'version: 1\nlandlock:\n  compatibility: best_effort\n',
    `version: 1\nlandlock:\n  compatibility: best_effort\nnetwork_policies:\n${BLOCK}`,
  ],
  ['a document that is marked', '---\nversion: 1\n', `---\nversion: 1\nnetwork_policies:\n${BLOCK}`],
  ['lines that end in CR LF', 'version: 1\r\n', `version: 1\nnetwork_policies:\n${BLOCK}`.replaceAll('\n', '\r\n')],
  [
    'a list in brackets',
    'version: 1\nnetwork_policies:\n  lab: { endpoints: [{ host: a.example, port: 1 }] }\n',
    'version: 1\nnetwork_policies:\n  lab: { endpoints: [{ host: a.example, port: 1 }, { host: new.example, port: 443 }] }\n',
  ],
  [
    'a list in brackets over lines',
    'version: 1\nnetwork_policies:\n  lab:\n    endpoints: [\n      { host: a.example, port: 1 }, # a\n    ]\n',
    'version: 1\nnetwork_policies:\n  lab:\n    endpoints: [\n      { host: a.example, port: 1 }, # a\n      { host: new.example, port: 443 },\n    ]\n',
  ],
  [
    'a policy in braces',
    'version: 1\nnetwork_policies:\n    a: { endpoints: [{ host: a.example, port: 1 }] }\n',
    'version: 1\nnetwork_policies:\n    a: { endpoints: [{ host: a.example, port: 1 }] }\n    lab:\n      endpoints:\n        - { host: new.example, port: 443 }\n',
  ],
  [
    'policies in braces',
    'version: 1\nnetwork_policies: { a: { endpoints: [{ host: a.example, port: 1 }] } }\n',
    'version: 1\nnetwork_policies: { a: { endpoints: [{ host: a.example, port: 1 }] }, lab: { endpoints: [{ host: new.example, port: 443 }] } }\n',
  ],
])('where there is %s, it is added as it would be by hand', (_, before, after) => {
  expect(add(before)).toBe(after)
  expect(parse(after).policies.at(-1)?.endpoints.at(-1)).toEqual(ENDPOINT)
})

test('JSON stays JSON', () => {
  const document = { version: 1, network_policies: { lab: { endpoints: [{ host: 'a.example', port: 1 }] } } }
  const added = { host: 'new.example', port: 443 }

  for (const space of [0, 2, 4]) {
    const text = JSON.stringify(document, undefined, space)
    expect(JSON.parse(add(text)).network_policies.lab.endpoints).toEqual([{ host: 'a.example', port: 1 }, added])
    expect(JSON.parse(add(text, 'other')).network_policies.other).toEqual({ endpoints: [added] })
    expect(difference(text, add(text)).filter((line) => line.startsWith('-')).length).toBeLessThanOrEqual(1)
  }
  for (const text of [
    '{"version": 1}',
    '{"version": 1, "network_policies": {}}',
    '{"version": 1, "network_policies": null}',
  ]) {
    expect(JSON.parse(add(text)).network_policies).toEqual({ lab: { endpoints: [added] } })
  }
})

test('an endpoint is taken out with its line, and no other line changes', () => {
  expect(difference(HANDMADE, withoutPortText(HANDMADE, { policy: 'github', index: 0 }, 443))).toEqual([
    '-      - { host: api.github.com, port: 443 }     # the API',
  ])
  expect(difference(HANDMADE, withoutPortText(HANDMADE, { policy: 'github', index: 2 }, 443))).toEqual([
    '-      - {host: "codeload.github.com",ports: [443]}',
  ])
})

test('one port of several is taken out of its list', () => {
  expect(difference(HANDMADE, withoutPortText(HANDMADE, { policy: 'github', index: 1 }, 80))).toEqual([
    '-          ports: [ 443,80 ]',
    '+          ports: [ 443 ]',
  ])
  const lines =
    'version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - host: a.example\n        ports:\n          - 80 # plain\n          - 443\n'
  expect(difference(lines, withoutPortText(lines, { policy: 'a', index: 0 }, 80))).toEqual(['-          - 80 # plain'])
})

test('with its last endpoint a policy goes, and with the last policy all', () => {
  const [without] = [withoutPortText(HANDMADE, { policy: 'lab', index: 0 }, 8000)]

  expect(difference(HANDMADE, without)).toEqual([
    '-  lab:',
    '-    binaries:',
    '-      - path: /usr/bin/curl',
    '-    endpoints:',
    '-    - { host: 10.86.8.223, port: 8000, allowed_ips: ["10.86.8.223/32"] }',
  ])
  const only = `version: 1\nnetwork_policies:\n${BLOCK}`
  expect(withoutPortText(only, { policy: 'lab', index: 0 }, 443)).toBe('version: 1\nnetwork_policies:\n')
})

const LAYOUTS: readonly (readonly [what: string, text: string])[] = [
  ['by hand', HANDMADE],
  ['with CR LF', HANDMADE.replaceAll('\n', '\r\n')],
  ['with a byte order mark', `\ufeff${HANDMADE}`],
  ['without an end of line', HANDMADE.trimEnd()],
  [
    'in JSON',
    JSON.stringify(
      {
        version: 1,
        network_policies: Object.fromEntries(
          ['a', 'b', 'c'].map((name) => [
            name,
            {
              endpoints: [
                { host: `${name}.example`, ports: [1, 2, 3] },
                { host: 'x.example', port: 4 },
              ],
            },
          ]),
        ),
      },
      undefined,
      2,
    ),
  ],
  [
    'in one line',
    '{ version: 1, network_policies: { a: { endpoints: [ {host: a.example, ports: [ 1, 2 ]} , {host: b.example, port: 3} ] } , b: {endpoints: [{host: c.example, port: 4}]} } }',
  ],
  [
    'with everything in lines of its own',
    'version: 1\nnetwork_policies:\n    a:\n        endpoints:\n        -\n            host: a.example\n            ports:\n            -   1\n            -   2\n        - # the second\n            host: b.example\n            port: 3\n    "b":\n        endpoints:\n            - host: >-\n                c.example\n              port: 4\n',
  ],
  [
    'with a text over lines at the end',
    'version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - port: 4\n        host: >-\n          c.example\n  b:\n    endpoints:\n      - port: 4\n        host: |-\n          d.example\nlandlock: { compatibility: best_effort }\n',
  ],
  [
    'with a bracket in the line of the last one',
    'version: 1\nnetwork_policies:\n  a:\n    endpoints: [\n      { host: a.example, port: 1 },\n      { host: b.example, port: 1 }]\n    binaries: [{ path: /bin/a }]\n',
  ],
  [
    'in brackets over lines',
    'version: 1\nnetwork_policies:\n  a:\n    endpoints: [\n      { host: a.example, ports: [1, 2] }, # one, two\n      # three\n      { host: b.example, port: 3 } # b\n    ]\n',
  ],
]

test.each(LAYOUTS)('%s: whatever is added or taken out, the file then says exactly that', (_, text) => {
  const before = parse(text)

  for (const policy of before.policies) {
    expect(parse(add(text, policy.name)).policies.find(({ name }) => name === policy.name)?.endpoints).toEqual([
      ...policy.endpoints,
      ENDPOINT,
    ])
    for (const [index, { ports }] of policy.endpoints.entries()) {
      for (const port of ports) {
        const place = { policy: policy.name, index }
        expect(parse(withoutPortText(text, place, port))).toEqual(withoutPort(before, place, port))
      }
    }
  }
  expect(parse(add(text, 'brand-new')).policies.slice(0, -1)).toEqual(before.policies)
})

test('what was added is taken out again without a trace', () => {
  for (const [, text] of LAYOUTS) {
    const [first] = parse(text).policies
    const place = { policy: first!.name, index: first!.endpoints.length }
    const back = withoutPortText(add(text, first!.name), place, 443)
    // Behind a comment, the comma that the list in brackets got stays.
    expect(back.replace('port: 3 }, # b', 'port: 3 } # b')).toBe(text)
  }
})
