import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { expectMended } from './expect-mended.js'
import { startHttpsSite } from './site.js'
import { DEBIAN_PYTHON, testsWithClients } from './test-with-clients.js'

const URL_OF_PACKAGE = 'https://packages.example.com/simple/greeting/'

for (const [name, needs, program, caVariable, says] of [
  [
    'requests',
    'python3-requests',
    'fetch_with_requests.py',
    'REQUESTS_CA_BUNDLE',
    /requests\.exceptions\.ProxyError: .*Tunnel connection failed: 403 Forbidden/,
  ],
  [
    'urllib',
    'python3',
    'fetch_with_urllib.py',
    'SSL_CERT_FILE',
    /^urllib\.error\.URLError: <urlopen error Tunnel connection failed: 403 Forbidden>$/m,
  ],
] as const) {
  const test = testsWithClients([needs])

  test(`${name} of Python: denied, explained, and mended by the line that policy why gives`, async (session) => {
    await using _site = await startHttpsSite(session.bed, 'packages.example.com', (request, response) =>
      response.end(`Links at ${request.url}`),
    )
    const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
    const fetch = () => session.run([DEBIAN_PYTHON, path, URL_OF_PACKAGE], { [caVariable]: session.sitesRoot })

    const { stdout } = await expectMended(session, fetch, {
      host: 'packages.example.com',
      port: 443,
      exitCode: 1,
      says,
    })

    expect(stdout).toBe('Links at /simple/greeting/')
    expect(session.bed.arrivals.dialled).toEqual(['93.184.216.34:443'])
  })
}
