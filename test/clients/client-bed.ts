import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MockProvider, startMockProvider } from '@nemoclaw/provider-mock'
import type { ProxyOptions, ResolvedRoute } from '@nemoclaw/proxy-core'
import { startTestProxy, type TestProxy } from '../proxy/start-test-proxy.js'

/** What a client of other people's making is set upon: a provider, a proxy before it, and a folder. */
export interface ClientBed extends AsyncDisposable {
  readonly provider: MockProvider
  readonly proxy: TestProxy
  /** Home and working directory of the client; removed at the end. */
  readonly folder: string
  /** PEM file with our root and nothing else. */
  readonly rootPath: string
}

/** The token that opens the proxy of `startLockedBed`. */
const TOKEN = 'token-of-this-session'

/** A bed whose proxy admits nobody without the token, and its address with the token as `nemoclaw env` gives it. */
export async function startLockedBed(): Promise<ClientBed & { readonly proxyUrlWithToken: string }> {
  const bed = await startClientBed({}, { access: { tokens: [{ token: TOKEN }], trustOwnUser: false } })
  return { ...bed, proxyUrlWithToken: bed.proxy.url.replace('http://', `http://nemoclaw:${TOKEN}@`) }
}

/** @param model - Model of the route; names of faults steer the provider. */
export async function startClientBed(
  route: Partial<ResolvedRoute> = {},
  options: Partial<ProxyOptions> = {},
): Promise<ClientBed> {
  const provider = await startMockProvider()
  const proxy = await startTestProxy({ baseUrl: provider.url, ...route }, options)
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-client-'))
  const rootPath = join(folder, 'root.pem')
  writeFileSync(rootPath, proxy.rootCertificate)
  return {
    provider,
    proxy,
    folder,
    rootPath,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
