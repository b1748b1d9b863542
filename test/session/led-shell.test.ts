import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET, succeed } from './session-home.js'

test('the commands work in a shell that was led to the proxy: none of them asks a provider through it', async () => {
  await using provider = await startMockProvider({ apiKey: SECRET })
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)
  // On Node.js 24 NODE_USE_ENV_PROXY in it would send a program's own requests, and a key in them, to the proxy.
  const led = (await home.json(['env'])) as Record<string, string>

  await succeed(home, ['provider', 'verify', 'p'], led)
  await succeed(home, ['cluster', 'inference', 'set', '--provider', 'p', '--model', 'another'], led)
  await succeed(home, ['proxy', 'status'], led)
  await succeed(home, ['doctor'], led)
  expect(await home.json(['env'], { env: led })).toEqual(led)

  expect(provider.received.map(({ model }) => model)).toEqual(['mock/echo', 'another'])
  expect(proxy.lines.filter(({ action }) => action === 'deny')).toEqual([])
})
