import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { runProgram } from './run-program.js'
import { certificatesIn, temporaryCa } from './temporary-ca.js'

describe('the bundle', () => {
  test('is the roots of the system and ours', async () => {
    using ca = temporaryCa()
    const [one, two] = rootCertificates
    const system = ca.write('system.pem', `# One: Zürich\n${one}\n\n# Two\r\n${two!.replaceAll('\n', '\r\n')}\n`)

    const path = await ca.store({ systemBundles: [ca.at('missing'), ca.write('empty', ''), system] }).trustBundle()

    const { authority } = await ca.store().open()
    expect(certificatesIn(path)).toEqual([authority.rootCertificatePem, `${one}\n`, `${two}\n`])
    expect(path).toBe(ca.at('ca-bundle.pem'))
  })

  test('has the roots that Node brings where the system has no file of them', async () => {
    using ca = temporaryCa()

    const path = await ca.store({ systemBundles: [] }).trustBundle()

    expect(certificatesIn(path)).toHaveLength(rootCertificates.length + 1)
  })

  test('follows the system, and is not written again while nothing changes', async () => {
    using ca = temporaryCa()
    const [one, two] = rootCertificates
    const system = ca.write('system.pem', `${one}\n`)
    const store = ca.store({ systemBundles: [system] })
    const path = await store.trustBundle()
    const written = statSync(path).ino

    await store.trustBundle()
    expect(statSync(path).ino).toBe(written)

    writeFileSync(system, `${two}\n`)
    await store.trustBundle()
    expect(certificatesIn(path).slice(1)).toEqual([`${two}\n`])
    expect(readdirSync(ca.path).sort()).toEqual(['authority-1', 'ca-bundle.pem', 'ca.pem'])
  })

  test('holds our root once where the system trusts it already', async () => {
    using ca = temporaryCa()
    const { authority } = await ca.store().open()
    const system = ca.write('system.pem', authority.rootCertificatePem)

    const path = await ca.store({ systemBundles: [system] }).trustBundle()

    expect(certificatesIn(path)).toEqual([authority.rootCertificatePem])
  })

  test('is taken by openssl, curl and Python as it is', async () => {
    using ca = temporaryCa()
    const bundle = await ca.store().trustBundle()
    const count = certificatesIn(bundle).length

    const python = await runProgram('python3', [
      '-c',
      'import ssl, sys; print(len(ssl.create_default_context(cafile=sys.argv[1]).get_ca_certs()))',
      bundle,
    ])
    const openssl = await runProgram('openssl', ['storeutl', '-noout', '-certs', bundle])

    expect(python.output.trim()).toBe(String(count))
    expect(openssl.output).toContain(`Total found: ${count}`)
  })
})
