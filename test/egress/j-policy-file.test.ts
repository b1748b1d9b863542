import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { echoes } from './arrivals.js'
import { closed, connect, expectDenied, openTunnel } from './egress-client.js'
import { policyText, startEgressProxy } from './egress-proxy.js'
import { expectAlive, isServed, nameAll, RELOAD_MS, web } from './reload-steps.js'
import { testsInBed } from './test-in-bed.js'

const test = testsInBed()

test('an invalid file keeps the last good policy in force, tunnels too, and the log says what is wrong and where', async (bed) => {
  nameAll(bed)
  bed.arrivals.greet = echoes
  await using proxy = await startEgressProxy(bed, web('a'))
  const tunnel = await openTunnel(proxy, 'a.example.com:443')
  const allowsB = policyText(web('b'))

  for (const [what, text] of Object.entries({
    'no YAML': `${allowsB}\n}`,
    'an unknown key': allowsB.replace('"endpoints"', '"endpionts"'),
    'a duplicate key': allowsB.replace('"version": 1', '"version": 1, "version": 1'),
    'another version': allowsB.replace('"version": 1', '"version": 2'),
    'no version': allowsB.replace('"version": 1,', ''),
    'a bad port': allowsB.replace('443', '65536'),
    'a port as text': allowsB.replace('443', '"https"'),
    'a catch-all': allowsB.replace('b.example.com', '*'),
    'a list where a map belongs': '- 1\n- 2\n',
    'a scalar': 'allow everything\n',
    'a billion laughs': billionLaughs(),
    code: `${allowsB.trimEnd().slice(0, -1)}, "process": !!js/function "function () {}" }\n`,
    'two documents': `${allowsB}---\n${allowsB}`,
    'bytes that are no text': Buffer.from([0xff, 0xfe, 0, 1, 2]).toString('latin1'),
    'half of it': allowsB.slice(0, allowsB.length / 2),
    'more than a policy has': `${allowsB}${'# more\n'.repeat(2_000_000)}`,
  })) {
    const from = proxy.lines.length
    proxy.writePolicy(text)
    await expect
      .poll(() => proxy.lines.slice(from).filter(({ action }) => action === 'kept_last_good'), {
        timeout: 3_000,
        message: what,
      })
      .not.toEqual([])
    expect([what, await isServed(proxy, 'b.example.com:443')]).toEqual([what, false])
    expect([what, await isServed(proxy, 'a.example.com:443')]).toEqual([what, true])
    const { code, stderr } = await bed.home.run(['policy', 'validate', proxy.policyFile])
    expect([what, code, stderr.includes(proxy.policyFile)]).toEqual([what, 1, true])
    // What is wrong in the same way again is not told again.
    proxy.writePolicy(web('a'))
    await proxy.line({ kind: 'config', action: 'applied' }, from)
  }
  await expectAlive(tunnel)

  proxy.writePolicy(allowsB)
  await expect.poll(() => isServed(proxy, 'b.example.com:443'), { timeout: RELOAD_MS, interval: 50 }).toBe(true)
  await closed(tunnel, RELOAD_MS)
}, 60_000)

test('a file that is emptied or removed denies all and closes every tunnel, until it is there again', async (bed) => {
  nameAll(bed)
  bed.arrivals.greet = echoes
  await using proxy = await startEgressProxy(bed, web('a'))

  const undo: readonly (() => void)[] = [
    () => proxy.writePolicy(''),
    () => proxy.writePolicy('# nothing but a remark\n'),
    () => writeFileSync(proxy.policyFile, ''),
    () => rmSync(proxy.policyFile),
    () => renameSync(proxy.policyFile, `${proxy.policyFile}.away`),
    () => proxy.writePolicy({}),
  ]
  for (const [index, deny] of undo.entries()) {
    const tunnel = await openTunnel(proxy, 'a.example.com:443')
    await expectAlive(tunnel)
    deny()
    await closed(tunnel, RELOAD_MS).catch(() => expect.unreachable(`way ${index} left the tunnel open`))
    expect(await isServed(proxy, 'a.example.com:443')).toBe(false)
    proxy.writePolicy(web('a'))
    await expect.poll(() => isServed(proxy, 'a.example.com:443'), { timeout: RELOAD_MS, interval: 50 }).toBe(true)
  }
}, 60_000)

test('what is no file is no policy: a folder or a pipe in its place holds up nothing and keeps the last good one', async (bed) => {
  nameAll(bed)
  await using proxy = await startEgressProxy(bed, web('a'))
  const ways: readonly (() => void)[] = [
    () => mkdirSync(proxy.policyFile),
    () => execFileSync('mkfifo', ['-m', '600', proxy.policyFile]),
    () => symlinkSync(proxy.policyFile, proxy.policyFile),
  ]

  for (const [index, put] of ways.entries()) {
    const from = proxy.lines.length
    renameSync(proxy.policyFile, `${proxy.policyFile}.${index}`)
    put()
    const told = () =>
      proxy.lines.slice(from).filter(({ kind, action }) => kind === 'config' && action === 'kept_last_good')
    await expect.poll(told, { timeout: 3_000, message: `way ${index}` }).not.toEqual([])
    expect([index, await isServed(proxy, 'b.example.com:443')]).toEqual([index, false])
    rmSync(proxy.policyFile, { recursive: true })
    proxy.writePolicy(web('a'))
    await proxy.line({ kind: 'config', action: 'applied' }, from)
    expect(await isServed(proxy, 'a.example.com:443')).toBe(true)
  }
})

test('it starts without its policy file and denies all, and follows the file once it comes', async (bed) => {
  nameAll(bed)
  await using proxy = await startEgressProxy(bed, '')
  await expectDenied(bed, proxy, connect('a.example.com:443'))

  rmSync(proxy.policyFile)
  const elsewhere = `${proxy.policyFile}.real`
  writeFileSync(elsewhere, policyText(web('a')), { mode: 0o600 })
  symlinkSync(elsewhere, proxy.policyFile)

  await expect.poll(() => isServed(proxy, 'a.example.com:443'), { timeout: RELOAD_MS, interval: 50 }).toBe(true)
})

/** Aliases of aliases that stand for a billion of the first. */
function billionLaughs(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const parts = level === 0 ? ['laugh'] : Array.from({ length: 10 }, () => `*l${level - 1}`)
    return `l${level}: &l${level} [${parts.join(', ')}]`
  })
  return `${levels.join('\n')}\nversion: 1\nnetwork_policies: { web: { endpoints: *l8 } }\n`
}
