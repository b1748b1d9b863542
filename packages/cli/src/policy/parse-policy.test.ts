import { expect, test } from 'vitest'
import { parsePolicy } from './parse-policy.js'

const parse = (text: string, platform: NodeJS.Platform = 'linux') => parsePolicy(text, { shownAs: 'p.yaml', platform })

function refusal(text: string, platform?: NodeJS.Platform): string {
  try {
    parse(text, platform)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}

const WHOLE = `version: 1
network_policies:
  github:
    endpoints:
      - { host: api.github.com, port: 443 }
      - { host: "*.githubusercontent.com", ports: [443, 80] }
    binaries: [{ path: /usr/bin/git }, { path: "/usr/bin/python3*" }]   # optional
  lab:
    endpoints:
      - { host: 10.86.8.223, port: 8000, allowed_ips: ["10.86.8.223/32"] }
      - ports: [80]
        allowed_ips: [10.0.0.0/8, "fd00::/8"]
        resolve: [corp.example]
        rules:
          - { method: GET, path: /v1/* }
          - { method: "*", path: "/**" }
filesystem_policy: { include_workdir: true, read_only: [/usr, /lib], read_write: [/tmp] }
landlock: { compatibility: best_effort }
process: { run_as_user: "1500", run_as_group: users }
`

test('a policy has named groups of endpoints, each with ports, and perhaps addresses, rules and programs', () => {
  expect(parse(WHOLE)).toEqual({
    egress: {
      policies: [
        {
          name: 'github',
          endpoints: [
            { host: 'api.github.com', ports: [443], allowedIps: [], resolve: [], rules: [] },
            { host: '*.githubusercontent.com', ports: [443, 80], allowedIps: [], resolve: [], rules: [] },
          ],
          binaries: ['/usr/bin/git', '/usr/bin/python3*'],
        },
        {
          name: 'lab',
          endpoints: [
            { host: '10.86.8.223', ports: [8000], allowedIps: ['10.86.8.223/32'], resolve: [], rules: [] },
            {
              ports: [80],
              allowedIps: ['10.0.0.0/8', 'fd00::/8'],
              resolve: ['corp.example'],
              rules: [
                { method: 'GET', path: '/v1/*' },
                { method: '*', path: '/**' },
              ],
            },
          ],
          binaries: [],
        },
      ],
    },
    filesystem: { includeWorkdir: true, readOnly: ['/usr', '/lib'], readWrite: ['/tmp'] },
    landlock: { compatibility: 'best_effort' },
    process: { runAsUser: '1500', runAsGroup: 'users' },
  })
})

test.each([
  ['an empty file', ''],
  ['only comments', '# nothing yet\n\n'],
  ['only a byte order mark', '\ufeff'],
  ['a bare version', 'version: 1\n'],
  ['no policy yet', 'version: 1\nnetwork_policies:\n'],
  ['an empty mapping', 'version: 1\nnetwork_policies: {}\n'],
  ['null', 'null\n'],
])('%s denies everything', (_, text) => {
  expect(parse(text)).toEqual({ egress: { policies: [] } })
})

test('a user and a group are names or numbers, in quotes or not, and each may be left out', () => {
  expect(parse('version: 1\nprocess: { run_as_user: 1500 }').process).toEqual({ runAsUser: '1500' })
  expect(parse('version: 1\nprocess: { run_as_group: "0" }').process).toEqual({ runAsGroup: '0' })
})

test('JSON is YAML too', () => {
  const endpoint = { host: 'api.example.com', ports: [443] }
  const document = { version: 1, network_policies: { a: { endpoints: [endpoint] } } }

  for (const text of [JSON.stringify(document), JSON.stringify(document, undefined, 2)]) {
    expect(parse(text).egress.policies[0]?.endpoints[0]).toMatchObject(endpoint)
  }
})

/** A policy with one endpoint; it stands in line 5, its first brace in column 9. */
const endpoint = (fields: string) => `version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - { ${fields} }\n`
const policy = (lines: string) =>
  `version: 1\nnetwork_policies:\n  a:\n    endpoints: [{ host: a.example, port: 1 }]\n${lines}`

test.each([
  // The document.
  [
    'a key that does not exist',
    'version: 1\nnetwork_policy: {}',
    /^p\.yaml:2:1: unknown key; accepted: version, network_policies, filesystem_policy, landlock, process$/,
  ],
  ['a key twice', 'version: 1\nversion: 1', /^p\.yaml:2:1: Map keys must be unique$/],
  ['no version', 'network_policies: {}', /^p\.yaml:1:1: "version" is missing; write "version: 1" in the first line$/],
  ['nothing in braces', '{}', /"version" is missing/],
  ['another version', 'version: 2', /^p\.yaml:1:10: "version" must be 1$/],
  ['a version as text', 'version: "1"', /"version" must be 1/],
  ['a version with a fraction', 'version: 1.0', /"version" must be 1/],
  ['a list at the top', '- 1', /^p\.yaml:1:1: expected a mapping with the keys version/],
  ['a text at the top', 'allow everything', /^p\.yaml:1:1: expected a mapping/],
  ['policies as a list', 'version: 1\nnetwork_policies: []', /^p\.yaml:2:19: "network_policies" must be a mapping/],
  ['two documents', 'version: 1\n---\nversion: 1', /^p\.yaml:2:\d+: Source contains multiple documents/],
  // A policy.
  [
    'a name in upper case',
    policy('').replace('a:', 'A:'),
    /^p\.yaml:3:3: the name of a policy is 1 to 63 of a-z, 0-9, "-" and "_"$/,
  ],
  ['a name that is too long', policy('').replace('  a:', `  ${'a'.repeat(64)}:`), /^p\.yaml:3:3: the name/],
  [
    'a name twice',
    `${policy('')}  a: { endpoints: [{ host: b.example, port: 1 }] }\n`,
    /^p\.yaml:5:3: Map keys must be unique$/,
  ],
  [
    'a name twice, in quotes',
    `${policy('')}  "a": { endpoints: [{ host: b.example, port: 1 }] }\n`,
    /^p\.yaml:5:3: Map keys must be unique$/,
  ],
  [
    'a number twice',
    'version: 1\nnetwork_policies: { 1: { endpoints: [{ host: b.example, port: 1 }] }, "1": {} }',
    /:2:71: a policy named 1 is there already$/,
  ],
  [
    'an unknown key of a policy',
    policy('    enabled: true\n'),
    /^p\.yaml:5:5: unknown key; accepted: endpoints, binaries$/,
  ],
  [
    'a policy of nothing',
    'version: 1\nnetwork_policies:\n  a:\n',
    /^p\.yaml:3:5: expected a mapping with the keys endpoints, binaries$/,
  ],
  ['no endpoints', 'version: 1\nnetwork_policies:\n  a: {}\n', /^p\.yaml:3:6: "endpoints" is missing/],
  [
    'an empty list of endpoints',
    'version: 1\nnetwork_policies:\n  a: { endpoints: [] }\n',
    /^p\.yaml:3:19: "endpoints" is empty; remove the policy/,
  ],
  [
    'endpoints that are no list',
    'version: 1\nnetwork_policies:\n  a: { endpoints: a.example:443 }\n',
    /^p\.yaml:3:19: "endpoints" must be a list$/,
  ],
  [
    'an endpoint as text',
    'version: 1\nnetwork_policies:\n  a: { endpoints: ["a.example:443"] }\n',
    /^p\.yaml:3:20: expected a mapping with the keys host, port/,
  ],
  // An endpoint.
  [
    'an unknown key of an endpoint',
    endpoint('host: a.example, port: 1, tls: true'),
    /^p\.yaml:5:37: unknown key; accepted: host, port, ports, allowed_ips, resolve, rules$/,
  ],
  [
    'a key of an endpoint twice',
    endpoint('host: a.example, port: 1, port: 2'),
    /^p\.yaml:5:37: Map keys must be unique$/,
  ],
  [
    'an endpoint twice',
    endpoint('host: a.example, port: 1 }\n      - { host: a.example, ports: [2, 1]'),
    /^p\.yaml:6:9: the endpoint is in policy a already, with the same port$/,
  ],
  ['no port', endpoint('host: a.example'), /^p\.yaml:5:9: "port" is missing, as in/],
  [
    'port and ports',
    endpoint('host: a.example, port: 1, ports: [2]'),
    /^p\.yaml:5:44: "ports" stands beside "port"; give one$/,
  ],
  ['no ports', endpoint('host: a.example, ports: []'), /^p\.yaml:5:35: "ports" is empty; list at least one$/],
  [
    'too many ports',
    endpoint(`host: a.example, ports: [${Array.from({ length: 65 }, (_, index) => index + 1)}]`),
    /"ports" has 65 entries; at most 64$/,
  ],
  ['a port twice', endpoint('host: a.example, ports: [80, 443, 80]'), /^p\.yaml:5:45: "ports": "80" is there twice$/],
  ['port 0', endpoint('host: a.example, port: 0'), /^p\.yaml:5:34: a port is a whole number from 1 to 65535$/],
  ['port 65536', endpoint('host: a.example, port: 65536'), /from 1 to 65535/],
  ['a negative port', endpoint('host: a.example, port: -1'), /from 1 to 65535/],
  ['a port with a fraction', endpoint('host: a.example, port: 443.0'), /from 1 to 65535/],
  ['a port in hexadecimal', endpoint('host: a.example, port: 0x1bb'), /from 1 to 65535/],
  ['a port in octal', endpoint('host: a.example, port: 0o673'), /from 1 to 65535/],
  ['a port with a leading zero', endpoint('host: a.example, port: 0443'), /from 1 to 65535/],
  ['a port with an exponent', endpoint('host: a.example, port: 4e2'), /from 1 to 65535/],
  ['a port in quotes', endpoint('host: a.example, port: "443"'), /^p\.yaml:5:34: a port is written without quotes$/],
  [
    'a range of ports',
    endpoint('host: a.example, port: 8000-8100'),
    /^p\.yaml:5:34: ranges of ports are not accepted; list each one/,
  ],
  ['any port', endpoint('host: a.example, port: any'), /from 1 to 65535/],
  ['no port at all', endpoint('host: a.example, port: '), /from 1 to 65535/],
  ['a list as port', endpoint('host: a.example, port: [443]'), /from 1 to 65535/],
  ['a host that is no text', endpoint('host: [a.example], port: 1'), /^p\.yaml:5:17: "host" must be a text$/],
  ['a host that is nothing', endpoint('host: , port: 1'), /"host" must be a text/],
  [
    'a host that is a number',
    endpoint('host: 2130706433, port: 1'),
    /^p\.yaml:5:17: "host": "2130706433" is a spelling that some programs read as 127\.0\.0\.1/,
  ],
  ['a host that is a fraction', endpoint('host: 127.1, port: 1'), /"host": "127\.1" is a spelling/],
  [
    'a host with an exponent',
    endpoint('host: 12e3, port: 1'),
    /^p\.yaml:5:17: "host" must be a text; put it in quotes$/,
  ],
  [
    'a host in upper case',
    endpoint('host: API.example.com, port: 1'),
    /^p\.yaml:5:17: "host": "API\.example\.com" is not in its canonical form; write api\.example\.com$/,
  ],
  ['every host', endpoint('host: "*", port: 1'), /there is no catch-all/],
  ['loopback', endpoint('host: localhost, port: 1'), /can never be allowed/],
  ['a control character', endpoint('host: "a\\u0000b", port: 1'), /^p\.yaml:5:17: "host" holds a control character$/],
  ['an escape sequence', endpoint('host: "\\e[2Ja", port: 1'), /"host" holds a control character/],
  ['a very long host', endpoint(`host: ${'a'.repeat(5000)}, port: 1`), /"host" is longer than 4096 characters/],
  // Addresses.
  [
    'host bits',
    endpoint('host: a.example, port: 1, allowed_ips: ["10.0.0.1/8"]'),
    /^p\.yaml:5:51: "allowed_ips": "10\.0\.0\.1\/8" is not in its canonical form; write 10\.0\.0\.0\/8$/,
  ],
  ['all addresses', endpoint('host: a.example, port: 1, allowed_ips: ["0.0.0.0/0"]'), /would open every address/],
  [
    'loopback addresses',
    endpoint('host: a.example, port: 1, allowed_ips: ["127.0.0.0/8"]'),
    /can never be allowed: it covers loopback/,
  ],
  [
    'link-local addresses',
    endpoint('host: a.example, port: 1, allowed_ips: ["169.254.0.0/16"]'),
    /can never be allowed: it covers link-local/,
  ],
  ['mapped addresses', endpoint('host: a.example, port: 1, allowed_ips: ["::ffff:0:0/96"]'), /by way of IPv6/],
  ['a prefix out of range', endpoint('host: a.example, port: 1, allowed_ips: ["10.0.0.0/33"]'), /not 0 to 32/],
  ['a name as block', endpoint('host: a.example, port: 1, allowed_ips: [b.example]'), /is not a block of addresses/],
  [
    'a range of addresses',
    endpoint('host: a.example, port: 1, allowed_ips: [10.0.0.1-10.0.0.9]'),
    /is not a block of addresses/,
  ],
  [
    'a block twice',
    endpoint('host: a.example, port: 1, allowed_ips: [10.0.0.0/8, 10.0.0.0/8]'),
    /^p\.yaml:5:63: "allowed_ips": "10\.0\.0\.0\/8" is there twice$/,
  ],
  ['no blocks', endpoint('host: a.example, port: 1, allowed_ips: []'), /"allowed_ips" is empty; leave it out/],
  [
    'a block that is no list',
    endpoint('host: a.example, port: 1, allowed_ips: 10.0.0.0/8'),
    /"allowed_ips" must be a list/,
  ],
  [
    'neither host nor addresses',
    endpoint('port: 1'),
    /^p\.yaml:5:9: "host" is missing; an endpoint without one needs "allowed_ips"$/,
  ],
  ['names without addresses', endpoint('port: 1, resolve: [corp.example]'), /needs "allowed_ips"/],
  [
    'names beside a host',
    endpoint('host: a.example, port: 1, resolve: [corp.example]'),
    /^p\.yaml:5:46: "resolve" stands beside "host"/,
  ],
  [
    'a domain of one label',
    endpoint('port: 1, allowed_ips: [10.0.0.0/8], resolve: [corp]'),
    /"resolve": "corp" is too wide/,
  ],
  [
    'a domain with a dot in front',
    endpoint('port: 1, allowed_ips: [10.0.0.0/8], resolve: [.corp.example]'),
    /write corp\.example, which is every name below it$/,
  ],
  [
    'a domain with a star',
    endpoint('port: 1, allowed_ips: [10.0.0.0/8], resolve: ["*.corp.example"]'),
    /write corp\.example,/,
  ],
  [
    'an address as domain',
    endpoint('port: 1, allowed_ips: [10.0.0.0/8], resolve: [10.1.2.3]'),
    /is no domain; addresses belong to "allowed_ips"/,
  ],
  // Rules.
  ['no rules', endpoint('host: a.example, port: 1, rules: []'), /"rules" is empty/],
  [
    'a method in lower case',
    endpoint('host: a.example, port: 1, rules: [{ method: get, path: / }]'),
    /"method": "get" is no method; write GET, or "\*" for each$/,
  ],
  [
    'a tunnel as method',
    endpoint('host: a.example, port: 1, rules: [{ method: CONNECT, path: / }]'),
    /is not asked over plain HTTP/,
  ],
  [
    'a rule without path',
    endpoint('host: a.example, port: 1, rules: [{ method: GET }]'),
    /^p\.yaml:5:45: "path" is missing$/,
  ],
  ...(
    [
      ['v1', /is no path; it begins with \//],
      ['/a/../b', /holds a dot segment/],
      ['/a/.', /holds a dot segment/],
      ['//a', /holds an empty segment/],
      ['/a\\\\b', /holds a backslash/],
      ['/a;b', /holds a semicolon/],
      ['/a?b', /holds a query/],
      ['/a#b', /holds a query or a fragment/],
      ['/a%2Fb', /holds an encoded slash/],
      ['/a%5cb', /holds an encoded slash, backslash/],
      ['/%2e%2e/', /holds an encoded slash, backslash, dot/],
      ['/a%00', /holds an encoded slash, backslash, dot or NUL/],
      ['/a%252fb', /holds a double encoding/],
      ['/a%zz', /holds a % that encodes nothing/],
      ['/a%0ab', /holds an encoded control character/],
      ['/ä', /percent-encoded only/],
      ['/a b', /percent-encoded only/],
      ['/***', /holds \*\*\*/],
    ] as const
  ).map(
    ([path, why]) =>
      [
        `the path ${path}`,
        endpoint(`host: a.example, port: 1, rules: [{ method: GET, path: "${path}" }]`),
        why,
      ] as const,
  ),
  // Programs.
  [
    'no programs',
    policy('    binaries: []\n'),
    /^p\.yaml:5:15: "binaries" is empty, which would read as any program; leave it out for that$/,
  ],
  [
    'a program as text',
    policy('    binaries: [/usr/bin/git]\n'),
    /^p\.yaml:5:16: expected a mapping with the keys path$/,
  ],
  [
    'a relative program',
    policy('    binaries: [{ path: git }]\n'),
    /^p\.yaml:5:24: "path": "git" is not an absolute path; it begins with \/$/,
  ],
  ['a program by a way round', policy('    binaries: [{ path: /usr/../bin/git }]\n'), /holds "\." or "\.\."/],
  ['a program with //', policy('    binaries: [{ path: /usr//bin/git }]\n'), /write \/usr\/bin\/git$/],
  ['any program', policy('    binaries: [{ path: "/**" }]\n'), /would be any program/],
  ['a program twice', policy('    binaries: [{ path: /bin/a }, { path: /bin/a }]\n'), /is there twice/],
  ['a text that is empty', policy('    binaries: [{ path: "" }]\n'), /^p\.yaml:5:24: "path" is empty$/],
  ['a text that is true', policy('    binaries: [{ path: true }]\n'), /^p\.yaml:5:24: "path" must be a text$/],
  // Confinement.
  [
    'an unknown key of a section',
    'version: 1\nlandlock: { mode: x }',
    /^p\.yaml:2:13: unknown key; accepted: compatibility$/,
  ],
  [
    'an unknown compatibility',
    'version: 1\nlandlock: { compatibility: maybe }',
    /must be best_effort or hard_requirement/,
  ],
  ['a relative folder', 'version: 1\nfilesystem_policy: { read_only: [usr] }', /is not an absolute path/],
  ['a flag that is none', 'version: 1\nfilesystem_policy: { include_workdir: 1 }', /must be true or false/],
  ['a user that is none', 'version: 1\nprocess: { run_as_user: "a b" }', /must be a name or a number/],
] as const)('%s is refused with its place and what would be accepted', (_, text, message) => {
  expect(refusal(text)).toMatch(message)
})

test.each([
  [
    'a billion laughs',
    `a: &a ["lol","lol"]\nb: &b [*a,*a]\nc: &c [*b,*b]\nversion: 1`,
    /^p\.yaml:1:\d+: anchors \(&name\) are not accepted/,
  ],
  ['an alias', 'version: 1\nnetwork_policies: *a', /^p\.yaml:2:\d+: /],
  ['a merge key', 'version: 1\n<<: { network_policies: {} }', /^p\.yaml:2:1: unknown key/],
  ['a function', 'version: !!js/function "function () {}"', /^p\.yaml:1:10: Unresolved tag/],
  ['a tag', 'version: !!int 1', /^p\.yaml:1:\d+: tags \(!name\) are not accepted/],
  ['a directive for tags', '%TAG ! tag:x,2000:\n---\nversion: !a 1', /^p\.yaml:3:10: /],
  ['a prototype', 'version: 1\n__proto__: {}', /^p\.yaml:2:1: unknown key/],
  ['control characters', '\u0000\u0001\u001b[2J', /^p\.yaml:1:1: /],
  ['a tab', 'version: 1\nnetwork_policies:\n\ta: {}', /^p\.yaml:3:1: Tabs are not allowed/],
  ['an open bracket', 'version: 1\nnetwork_policies: {', /^p\.yaml:2:\d+: /],
  ['a plain star', endpoint('host: *.example.com, port: 1'), /^p\.yaml:5:17: /],
])('%s is refused', (_, text, message) => {
  expect(refusal(text)).toMatch(message)
})

test('a policy that names programs is refused where programs cannot be told apart, and not read without them', () => {
  const text = policy('    binaries: [{ path: /usr/bin/git }]\n')

  expect(parse(text).egress.policies[0]?.binaries).toEqual(['/usr/bin/git'])
  expect(refusal(text, 'darwin')).toMatch(
    /^p\.yaml:5:15: "binaries" cannot be held to on darwin: programs are told apart on Linux only/,
  )
})

test('the same endpoint in two policies, or with other addresses in one, is no repetition', () => {
  const text = `${endpoint('host: a.example, port: 1 }\n      - { host: a.example, port: 1, allowed_ips: [10.0.0.0/8]')}  b: { endpoints: [{ host: a.example, port: 1 }] }\n`

  expect(parse(text).egress.policies.map(({ endpoints }) => endpoints.length)).toEqual([2, 1])
})

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('')

// On an idle core it is a tenth of this; were each compared with each, it would be more.
test.each([
  [
    'in one policy',
    `version: 1\nnetwork_policies:\n  a:\n    endpoints:\n${lines(10_000, (index) => `      - { host: h${index}.example.com, port: 443 }\n`)}`,
  ],
  [
    'in a policy each',
    `version: 1\nnetwork_policies:\n${lines(10_000, (index) => `  p${index}: { endpoints: [{ host: h${index}.example.com, port: 443 }] }\n`)}`,
  ],
])('ten thousand endpoints %s are read in the time that their number takes, not its square', (_, text) => {
  const startedAt = performance.now()

  expect(parse(text).egress.policies.flatMap(({ endpoints }) => endpoints)).toHaveLength(10_000)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})

test.each(['a: b: ', 'a: b: \n', '"a,": ', '- ', '? ', '[', '{a: ', '[a, - ,'])(
  'a megabyte of %j behind an open bracket, or without one, does not take the process down',
  (piece) => {
    for (const text of [piece.repeat(150_000), `[${piece.repeat(150_000)}]`]) {
      expect(refusal(text)).toMatch(/^p\.yaml:\d+:\d+: /)
    }
  },
)
