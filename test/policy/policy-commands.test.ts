import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { policyHome } from './policy-home.js'

const OURS = `version: 1
network_policies:
  github: # code
    endpoints:
      - { host: api.github.com, ports: [80, 443] }
      - { host: "*.githubusercontent.com", port: 443 }
    binaries: [{ path: /usr/bin/git }]
`

test('without a file everything is denied, and it is said how to allow something', async () => {
  using home = policyHome()

  expect(await home.run(['policy', 'show'])).toEqual({
    code: 0,
    stdout: '',
    stderr: `There is no ${home.shownAs}.\nEverything but inference.local is denied. To allow something: nemoclaw policy allow HOST:PORT\n`,
  })
  expect(await home.run(['policy', 'validate'])).toEqual({
    code: 0,
    stdout: `There is no ${home.shownAs}: everything but inference.local is denied\n`,
    stderr: '',
  })
  expect(await home.json(['policy', 'show'])).toEqual({ file: home.policyPath, exists: false, policies: [] })
})

test('the first allow makes the file, for its user alone; show, validate and revoke go by it', async () => {
  using home = policyHome()

  const allowed = await home.run(['policy', 'allow', 'api.github.com:443', 'https://registry.npmjs.org/x'])

  expect(allowed).toEqual({
    code: 0,
    stdout: `✓ Allowed api.github.com:443 in policy api-github-com: ${home.shownAs}:5\n✓ Allowed registry.npmjs.org:443 in policy registry-npmjs-org: ${home.shownAs}:8\n`,
    stderr: 'Of the URL, host and port count: registry.npmjs.org:443\n',
  })
  expect(statSync(home.policyPath).mode & 0o777).toBe(0o600)
  expect(home.policyText()).toBe(`version: 1
network_policies:
  api-github-com:
    endpoints:
      - { host: api.github.com, port: 443 }
  registry-npmjs-org:
    endpoints:
      - { host: registry.npmjs.org, port: 443 }
`)
  expect((await home.run(['policy', 'validate'])).stdout).toBe(`✓ ${home.shownAs}: 2 policies, 2 endpoints\n`)
  expect(
    (await home.run(['policy', 'show'])).stdout,
  ).toBe(`POLICY              HOST                PORTS  ALLOWED IPS  RULES  PROGRAMS
api-github-com      api.github.com      443    -            any    any
registry-npmjs-org  registry.npmjs.org  443    -            any    any
`)
  expect((await home.run(['policy', 'show', '-o', 'name'])).stdout).toBe('api-github-com\nregistry-npmjs-org\n')
  expect((await home.run(['policy', 'revoke', 'api.github.com:443', 'registry.npmjs.org:443'])).stdout).toBe(
    '✓ Revoked api.github.com:443 from policy api-github-com\n✓ Revoked registry.npmjs.org:443 from policy registry-npmjs-org\n',
  )
  expect(home.policyText()).toBe('version: 1\nnetwork_policies:\n')
})

test('JSON says what was done, and nothing else goes to standard output', async () => {
  using home = policyHome(OURS)
  const { policyPath: file } = home

  expect(
    await home.json(['policy', 'allow', 'a.example:1', 'raw.githubusercontent.com:443', '--binary', '/usr/bin/git']),
  ).toEqual({
    file,
    allowed: [
      { host: 'a.example', port: 1, policy: 'a-example', line: 10, already: false },
      { host: 'raw.githubusercontent.com', port: 443, policy: 'github', line: 6, already: true },
    ],
  })
  expect(await home.json(['policy', 'revoke', 'a.example:1'])).toEqual({
    file,
    revoked: [{ host: 'a.example', port: 1, policy: 'a-example' }],
    remaining: [],
  })
  expect(await home.json(['policy', 'validate'])).toEqual({ file, exists: true, policies: 1, endpoints: 2 })
  expect(home.policyText()).toBe(OURS)
})

test('what is allowed already is said so, and the file is not touched', async () => {
  using home = policyHome(OURS)
  const before = statSync(home.policyPath, { bigint: true }).ino

  expect(await home.run(['policy', 'allow', 'raw.githubusercontent.com:443', '--binary', '/usr/bin/git'])).toEqual({
    code: 0,
    stdout: `raw.githubusercontent.com:443 is allowed already, by policy github: ${home.shownAs}:6\n`,
    stderr: '',
  })
  expect(statSync(home.policyPath, { bigint: true }).ino).toBe(before)
})

test('who asks for one program where any may is told that it is not kept to that one', async () => {
  using home = policyHome()
  await home.run(['policy', 'allow', 'open.example.com:443'])

  const { code, stderr } = await home.run(['policy', 'allow', 'open.example.com:443', '--binary', '/usr/bin/git'])

  expect(code).toBe(0)
  expect(stderr).toContain('Any program may reach open.example.com:443')
})

test('an endpoint for other programs than those of the policy named goes to one of its own', async () => {
  using home = policyHome(OURS)

  const { code, stdout, stderr } = await home.run([
    'policy',
    'allow',
    'pypi.org:443',
    '--name',
    'github',
    '--binary',
    '/usr/bin/pip',
  ])

  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'Policy github is for other programs; added to github-pip instead\n',
  })
  expect(stdout).toBe(`✓ Allowed pypi.org:443 in policy github-pip: ${home.shownAs}:10\n`)
  expect(home.policyText()).toBe(`${OURS}  github-pip:
    endpoints:
      - { host: pypi.org, port: 443 }
    binaries: [{ path: /usr/bin/pip }]
`)
})

test('a private address needs its block; a public name may be held to one', async () => {
  using home = policyHome()

  const refused = await home.run(['policy', 'allow', '10.86.8.223:8000'])
  await home.run(['policy', 'allow', '10.86.8.223:8000', '--allowed-ip', '10.86.8.223/32', '--name', 'lab'])
  await home.run([
    'policy',
    'allow',
    'git.example.com:443',
    '--allowed-ip',
    '10.0.0.0/8',
    '--allowed-ip',
    'fd00::/8',
    '--name',
    'lab',
  ])

  expect(refused).toEqual({
    code: 2,
    stdout: '',
    stderr: 'Error: "10.86.8.223" is not a public address; to open it: --private, or --allowed-ip 10.86.8.223/32\n',
  })
  expect(home.policyText()).toBe(`version: 1
network_policies:
  lab:
    endpoints:
      - { host: 10.86.8.223, port: 8000, allowed_ips: ["10.86.8.223/32"] }
      - { host: git.example.com, port: 443, allowed_ips: ["10.0.0.0/8", "fd00::/8"] }
`)
})

test('one port is taken from a list of several; what allows it all the same is said', async () => {
  using home = policyHome(OURS)
  await home.run(['policy', 'allow', 'raw.githubusercontent.com:443', '--name', 'other'])

  await home.run(['policy', 'revoke', 'api.github.com:80'])
  const revoked = await home.run(['policy', 'revoke', 'raw.githubusercontent.com:443'])
  const missing = await home.run(['policy', 'revoke', 'raw.githubusercontent.com:443'])

  expect(home.policyText()).toBe(OURS.replace('[80, 443]', '[443]'))
  const still = `allowed by *.githubusercontent.com in policy github: ${home.shownAs}:6\n`
  expect(revoked).toEqual({
    code: 0,
    stdout: '✓ Revoked raw.githubusercontent.com:443 from policy other\n',
    stderr: `Warning: still ${still}`,
  })
  expect(missing).toEqual({
    code: 1,
    stdout: '',
    stderr: `Error: no endpoint names raw.githubusercontent.com:443 in ${home.shownAs}\n  It is ${still}  To remove that: nemoclaw policy revoke '*.githubusercontent.com:443' --name github\n`,
  })
})

test('several at once: all or none', async () => {
  using home = policyHome(OURS)

  const revoked = await home.run(['policy', 'revoke', 'api.github.com:443', 'nowhere.example:1'])
  const allowed = await home.run(['policy', 'allow', 'a.example:1', 'localhost:1'])

  expect(revoked.code).toBe(1)
  expect(revoked.stderr).toBe(
    `Error: no endpoint names nowhere.example:1 in ${home.shownAs}\n  See what is allowed: nemoclaw policy show\n`,
  )
  expect(allowed.code).toBe(2)
  expect(home.policyText()).toBe(OURS)
})

test.each([
  ['localhost:80', /can never be allowed/],
  ['127.0.0.1:80', /can never be allowed/],
  ['169.254.169.254:80', /can never be allowed/],
  ['metadata.google.internal:80', /can never be allowed/],
  ['[::ffff:127.0.0.1]:80', /IPv4 address by way of IPv6/],
  ['inference.local:443', /needs no rule: it is served by the proxy itself/],
  ['*:443', /there is no catch-all/],
  ['api.github.com', /has no port/],
])('`policy allow %s` is refused with the reason, and makes no file', async (argument, why) => {
  using home = policyHome()

  const { code, stderr } = await home.run(['policy', 'allow', argument])

  expect(code).toBe(2)
  expect(stderr).toMatch(why)
  expect((await home.json(['policy', 'show'])) as object).toMatchObject({ exists: false })
})

test('a file of `--policy` is shown, validated and changed in its place, and the own one is left alone', async () => {
  using home = policyHome(OURS)
  const file = join(home.path, 'other.yaml')
  writeFileSync(file, '# Theirs.\n', { mode: 0o644 })

  await home.run(['policy', 'allow', 'a.example:1', '--policy', file])

  expect(await home.json(['policy', 'show', '--policy', file])).toMatchObject({
    file,
    policies: [{ name: 'a-example' }],
  })
  expect((await home.run(['policy', 'validate', file])).stdout).toBe('✓ ~/other.yaml: 1 policy, 1 endpoint\n')
  expect(statSync(file).mode & 0o777).toBe(0o644)
  expect(home.policyText()).toBe(OURS)
  expect(await home.run(['policy', 'validate', join(home.path, 'none.yaml')])).toMatchObject({
    code: 1,
    stderr: 'Error: there is no file ~/none.yaml\n  Check the path: ls -l ~/none.yaml\n',
  })
})

test('what is wrong in a file is told with line and column, by every command, and nothing is changed', async () => {
  const text = OURS.replace('port: 443 }', 'port: https }')
  using home = policyHome(text)
  const message = `${home.shownAs}:6:50: a port is a whole number from 1 to 65535`

  for (const args of [['validate'], ['show'], ['allow', 'a.example:1'], ['revoke', 'api.github.com:443']]) {
    const { code, stdout, stderr } = await home.run(['policy', ...args])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `Error: ${message}\n  An endpoint: - { host: api.example.com, port: 443 }. All of the grammar: docs/policy.md\n`,
    )
  }
  expect(JSON.parse((await home.run(['policy', 'validate', '--json'])).stdout)).toMatchObject({
    error: { code: 'ERR_POLICY_INVALID', message },
  })
  expect(home.policyText()).toBe(text)
})

test.each(['show', 'validate', 'allow', 'revoke'])(
  'the examples of `policy %s --help` work when pasted',
  async (command) => {
    using home = policyHome(
      OURS.replace('    binaries: [{ path: /usr/bin/git }]\n', '').replace('api.github', 'github'),
    )
    const bin = join(home.path, 'bin')
    mkdirSync(bin)
    symlinkSync(CLI, join(bin, 'nemoclaw'))

    const { stdout } = await home.run(['policy', command, '--help'])
    const examples = stdout
      .split('\n')
      .flatMap((line) => (line.trimStart().startsWith('$ nemoclaw') ? [line.trimStart().slice(2)] : []))

    // The first line is the usage.
    expect(examples.length).toBeGreaterThan(1)
    for (const example of examples.slice(1)) {
      const child = spawn('sh', ['-c', example], {
        env: { ...home.env, PATH: `${bin}:${home.env['PATH']}` },
        stdio: 'ignore',
      })
      expect({ example, end: await once(child, 'close') }).toEqual({ example, end: [0, null] })
    }
  },
)
