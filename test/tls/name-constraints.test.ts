import { issueAuthority, issueLeaf, ServerCertificates } from '@nemoclaw/proxy-core/tls'
import { afterAll, describe, expect, test } from 'vitest'
import { startChainServer } from './chain-server.js'
import { startConnectServer } from './connect-server.js'
import { type Chain, type LeafSubject, signUnderPlainRoot, signWithStolenKey } from './openssl-chain.js'
import { temporaryFolder } from './temporary-folder.js'
import { type Question, VERIFIERS } from './verifiers.js'

const authority = await issueAuthority({ now: new Date() })
const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

const rootPath = folder.write('trusted-root.pem', authority.rootCertificatePem)

/** Names that a stolen key must be worthless for, and the leaf that claims each. */
const FOREIGN = [
  { host: 'github.com', subject: { alternativeName: 'DNS:github.com' } },
  { host: '192.0.2.7', subject: { alternativeName: 'IP:192.0.2.7' } },
  { host: 'github.com', subject: { alternativeName: 'DNS:inference.local,DNS:github.com' } },
  { host: 'xinference.local', subject: { alternativeName: 'DNS:xinference.local' } },
] as const satisfies readonly { host: string; subject: LeafSubject }[]

for (const verifier of VERIFIERS) {
  const ask = await verifier.prepare(folder)
  if (ask === undefined && verifier.need === 'optional') {
    console.warn(`NOT RUN: ${verifier.name} is not installed`)
    test.skip(`NOT RUN, not installed: ${verifier.name}`, () => {})
    continue
  }

  describe(verifier.name, () => {
    const verify = (question: Question) => {
      if (ask === undefined) throw new Error(`${verifier.name} must be installed for these tests`)
      return ask(question)
    }
    const verifyChain = async (chain: Chain, host: string) => {
      await using server = await startChainServer(chain)
      const result = await verify({ host, proxyPort: server.port, rootPath: chain.rootPath })
      // A refusal counts only where the chain was seen.
      expect(server.connections).toBeGreaterThan(0)
      return result
    }

    test('accepts inference.local from the root alone, because the chain is sent', async () => {
      await using server = await startConnectServer(await ServerCertificates.issuedBy(authority))

      const { exitCode, output } = await verify({ host: 'inference.local', proxyPort: server.port, rootPath })

      expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.any(String) })
      expect(server.outcomes).toEqual([{ kind: 'secured', protocol: 'TLSv1.3', resumed: false }])
    })

    test('refuses our leaf under any other name', async () => {
      const leaf = await issueLeaf(authority, { now: new Date() })

      const { exitCode } = await verifyChain({ ...leaf, rootPath }, 'github.com')

      expect(exitCode).not.toBe(0)
    })

    for (const { host, subject } of FOREIGN) {
      const what = `${host} by a leaf for ${subject.alternativeName}`

      test(`refuses ${what} that our key has signed`, async () => {
        const { exitCode, output } = await verifyChain(await signWithStolenKey(folder, authority, subject), host)

        expect(exitCode).not.toBe(0)
        expect(output).toMatch(verifier.refusal)
      })
    }

    test('refuses github.com by a leaf with a common name only', async () => {
      const chain = await signWithStolenKey(folder, authority, { commonName: 'github.com' })

      expect((await verifyChain(chain, 'github.com')).exitCode).not.toBe(0)
    })

    for (const { host, subject } of FOREIGN.slice(0, 2)) {
      test(`refuses ${host} by the intermediate's constraints alone`, async () => {
        const chain = await signUnderPlainRoot(folder, authority, subject, { constraints: 'kept' })

        const { exitCode, output } = await verifyChain(chain, host)

        expect(exitCode).not.toBe(0)
        expect(output).toMatch(verifier.refusal)
      })

      test(`would accept ${host} without the constraints, so it is they that hold`, async () => {
        const chain = await signUnderPlainRoot(folder, authority, subject, { constraints: 'removed' })

        const { exitCode, output } = await verifyChain(chain, host)

        expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.any(String) })
      })
    }
  })
}
