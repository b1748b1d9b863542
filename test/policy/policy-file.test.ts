import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allowEgress } from '../../packages/cli/src/policy/allow-egress.js'
import { readPolicyFile } from '../../packages/cli/src/policy/read-policy-file.js'
import { temporaryDirectory } from '../state/temporary-directory.js'
import { testNeeding } from '../state/test-needing.js'
import { policyHome } from './policy-home.js'

const GOOD = 'version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - { host: a.example, port: 1 }\n'

const fileIn = (directory: { readonly path: string }) => ({ path: join(directory.path, 'p.yaml'), shownAs: 'p.yaml' })

function refusal(file: { readonly path: string; readonly shownAs: string }): string {
  try {
    readPolicyFile(file)
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`
  }
  return 'it was accepted'
}

const add = (file: { readonly path: string; readonly shownAs: string }, endpoint: string) =>
  allowEgress(file, { endpoints: [endpoint], allowedIps: [], binaries: [] })

test('a missing file is none, and so is a link to nothing', () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)

  expect(readPolicyFile(file)).toBeUndefined()
  symlinkSync('nowhere', file.path)
  expect(readPolicyFile(file)).toBeUndefined()
})

test('a file that others can write is refused, one that they can read is not', () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)
  writeFileSync(file.path, GOOD)

  for (const mode of [0o600, 0o400, 0o640, 0o644]) {
    chmodSync(file.path, mode)
    expect(readPolicyFile(file)?.egress.policies).toHaveLength(1)
  }
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(file.path, mode)
    expect(refusal(file)).toBe('ERR_POLICY_FILE_UNSAFE: the policy file p.yaml can be written by other users')
  }
})

test('a named pipe, a folder, a device and a file that is too large are refused at once', () => {
  using directory = temporaryDirectory()
  const at = (name: string) => ({ path: join(directory.path, name), shownAs: name })
  execFileSync('mkfifo', [at('pipe').path])
  mkdirSync(at('folder').path)
  writeFileSync(at('large').path, `${GOOD}${'#'.repeat(1024 * 1024)}`, { mode: 0o600 })

  expect(refusal(at('pipe'))).toBe('ERR_POLICY_FILE_UNSAFE: the policy file pipe is not a plain file')
  expect(refusal(at('folder'))).toBe('ERR_POLICY_FILE_UNSAFE: the policy file folder is not a plain file')
  expect(refusal({ path: '/dev/zero', shownAs: 'zero' })).toBe(
    'ERR_POLICY_FILE_UNSAFE: the policy file zero is not a plain file',
  )
  expect(refusal(at('large'))).toBe('ERR_POLICY_FILE_UNSAFE: the policy file large is larger than 1048576 bytes')
})

test('bytes that are no UTF-8 are refused: a change would write other ones in their place', () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)
  writeFileSync(file.path, Buffer.concat([Buffer.from(GOOD), Buffer.from([0x23, 0xe4, 0x0a])]), { mode: 0o600 })

  expect(refusal(file)).toBe('ERR_POLICY_INVALID: p.yaml is not text in UTF-8')
})

testNeeding(process.geteuid?.() === 0 ? [] : ['(run as root)'])(
  "another user's file is refused, also by way of a link",
  () => {
    using directory = temporaryDirectory()
    const file = fileIn(directory)
    const link = { path: join(directory.path, 'link.yaml'), shownAs: 'link.yaml' }
    writeFileSync(file.path, GOOD, { mode: 0o644 })
    chownSync(file.path, 12_345, 12_345)
    symlinkSync('p.yaml', link.path)

    expect(refusal(file)).toBe(
      'ERR_POLICY_FILE_UNSAFE: the policy file p.yaml belongs to user 12345, and you are user 0',
    )
    expect(refusal(link)).toMatch(/^ERR_POLICY_FILE_UNSAFE: the policy file link\.yaml belongs to user 12345/)
  },
)

testNeeding(process.geteuid?.() === 0 ? [] : ['(run as root)'])(
  "root's file is read by everybody, and changed by root alone",
  async () => {
    using directory = temporaryDirectory()
    const file = fileIn(directory)
    writeFileSync(file.path, GOOD, { mode: 0o644 })
    // The folder is theirs: they could put another file there, and so a command of theirs could do it unasked.
    chownSync(directory.path, 12_345, 12_345)
    // What it takes is loaded while all of the project can be read.
    await add({ path: join(directory.path, 'other.yaml'), shownAs: 'other.yaml' }, 'b.example:2')

    process.seteuid?.(12_345)
    try {
      expect(readPolicyFile(file)?.egress.policies).toHaveLength(1)
      await expect(add(file, 'b.example:2')).rejects.toMatchObject({
        code: 'ERR_POLICY_UNWRITABLE',
        message: 'p.yaml belongs to user 0, who alone changes it',
      })
    } finally {
      process.seteuid?.(0)
    }
    expect(readFileSync(file.path, 'utf8')).toBe(GOOD)
  },
)

test('a link stays one: what it leads to is changed, beside its own lock', async () => {
  using directory = temporaryDirectory()
  const link = { path: join(directory.path, 'link.yaml'), shownAs: 'link.yaml' }
  mkdirSync(join(directory.path, 'dotfiles'))
  const target = join(directory.path, 'dotfiles', 'p.yaml')
  writeFileSync(target, GOOD, { mode: 0o600 })
  symlinkSync('dotfiles/p.yaml', link.path)

  await add(link, 'b.example:2')

  expect(lstatSync(link.path).isSymbolicLink()).toBe(true)
  expect(readFileSync(target, 'utf8')).toBe(
    `${GOOD}  b-example:\n    endpoints:\n      - { host: b.example, port: 2 }\n`,
  )
  expect(readdirSync(join(directory.path, 'dotfiles')).toSorted()).toEqual(['p.yaml', 'p.yaml.lock'])
})

test('a link to nothing, a folder that is missing, and a file that cannot be understood are left as they are', async () => {
  using directory = temporaryDirectory()
  const link = { path: join(directory.path, 'link.yaml'), shownAs: 'link.yaml' }
  symlinkSync('nowhere', link.path)

  await expect(add(link, 'b.example:2')).rejects.toMatchObject({ code: 'ERR_POLICY_FILE_UNSAFE' })
  await expect(
    add({ path: join(directory.path, 'none', 'p.yaml'), shownAs: 'none/p.yaml' }, 'b.example:2'),
  ).rejects.toMatchObject({
    code: 'ERR_POLICY_UNWRITABLE',
    message: 'cannot write none/p.yaml: its folder does not exist',
  })
  expect(readdirSync(directory.path)).toEqual(['link.yaml'])
})

test('a layout that cannot be changed in place is said so, and nothing is written', async () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)
  const text = 'version: 1\nnetwork_policies:\n  ? a\n  : endpoints:\n      - { host: a.example, port: 1 }\n...\n'
  writeFileSync(file.path, text, { mode: 0o600 })

  await expect(add(file, 'b.example:2')).rejects.toMatchObject({
    code: 'ERR_POLICY_NOT_EDITABLE',
    message: 'p.yaml is written in a way that cannot be changed in place',
  })
  expect(readFileSync(file.path, 'utf8')).toBe(text)
})

test('a file that would become too large to be read is not written', async () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)
  const text = `${GOOD}${'#'.repeat(1024 * 1024 - GOOD.length)}`
  writeFileSync(file.path, text, { mode: 0o600 })

  await expect(add(file, 'b.example:2')).rejects.toMatchObject({
    code: 'ERR_POLICY_NOT_EDITABLE',
    message: 'p.yaml would be larger than 1048576 bytes',
  })
  expect(readFileSync(file.path, 'utf8')).toBe(text)
})

test('no change leaves anything beside the file but its lock, and a candidate of a killed one is written over', async () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)
  writeFileSync(`${file.path}.next`, 'half a fi')

  await add(file, 'a.example:1')

  expect(readFileSync(file.path, 'utf8')).toContain('host: a.example')
  expect(readdirSync(directory.path).toSorted()).toEqual(['p.yaml', 'p.yaml.lock'])
})

test('a hard link elsewhere keeps what it had: the file is replaced, not written into', async () => {
  using directory = temporaryDirectory()
  const file = fileIn(directory)
  writeFileSync(file.path, GOOD, { mode: 0o600 })
  linkSync(file.path, join(directory.path, 'backup'))

  await add(file, 'b.example:2')

  expect(readFileSync(join(directory.path, 'backup'), 'utf8')).toBe(GOOD)
  expect(statSync(file.path).nlink).toBe(1)
})

test('eight commands at once lose nothing', async () => {
  using home = policyHome()
  const hosts = Array.from({ length: 8 }, (_, index) => `h${index}.example`)

  const ends = await Promise.all(hosts.map((host) => home.run(['policy', 'allow', `${host}:443`, '--name', 'all'])))

  expect(ends.map(({ code }) => code)).toEqual(hosts.map(() => 0))
  const shown = (await home.json(['policy', 'show'])) as { policies: { endpoints: { host: string }[] }[] }
  expect(shown.policies.flatMap(({ endpoints }) => endpoints.map(({ host }) => host)).toSorted()).toEqual(
    hosts.toSorted(),
  )
})

test.each([
  ['a billion laughs', 'a: &a ["lol"]\nb: &b [*a,*a,*a,*a]\nversion: 1\n', 'anchors (&name) are not accepted'],
  ['a duplicate key', 'version: 1\nversion: 1\n', 'Map keys must be unique'],
  ['a function', 'version: !!js/function "function () {}"\n', 'Unresolved tag'],
  ['what is no YAML', '{{{', ''],
  ['control characters', '\u001b[2J\u0000', ''],
  [
    'an escape sequence as a host',
    'version: 1\nnetwork_policies: { a: { endpoints: [{ host: "\\e]0;x\\a", port: 1 }] } }\n',
    'holds a control character',
  ],
  ['deep brackets', `version: ${'['.repeat(200_000)}`, 'nested too deeply'],
  ['deep mappings in brackets', `version: [${'a: b: '.repeat(100_000)}`, 'nested too deeply'],
])('%s: `policy validate` fails in a line that a terminal can show, with the place', async (_, text, why) => {
  using home = policyHome(text)

  const { code, stdout, stderr } = await home.run(['policy', 'validate'])

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^Error: ~\/state\/config\/policy\.yaml:\d+:\d+: /)
  expect(stderr).toContain(why)
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
})
