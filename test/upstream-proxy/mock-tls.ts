import { providerTls } from '../bad-input/upstream-certificates.js'

/** Key and certificate for a mock provider of this name, signed by `PROVIDER_ROOT`. */
export function mockTls(name: string): { readonly key: string; readonly cert: string } {
  const { key, cert } = providerTls({ names: [name] })
  return { key: String(key), cert: String(cert) }
}
