import { join } from 'node:path'
import { isInstalled, type ProgramResult, runProgram } from './run-program.js'
import type { TemporaryFolder } from './temporary-folder.js'

/** What a verifier is asked: to reach `https://<host>/` through the proxy, trusting one root. */
export interface Question {
  readonly host: string
  readonly proxyPort: number
  readonly rootPath: string
}

/** Somebody else's implementation of certificate verification. */
export interface Verifier {
  readonly name: string
  /** `required` ones are there wherever the tests run; without one of the others a test is named as not run. */
  readonly need: 'required' | 'optional'
  /** Compiles what needs compiling. `undefined` where the program is not installed. */
  prepare(folder: TemporaryFolder): Promise<((question: Question) => Promise<ProgramResult>) | undefined>
  /** What it says of a name that the constraints exclude. */
  readonly refusal: RegExp
}

const OPENSSL_REFUSAL = /permitted subtree violation|excluded subtree violation|PERMITTED_VIOLATION|EXCLUDED_VIOLATION/i

const NODE_CLIENT = `
const [host, port] = process.argv.slice(1)
const request = require('http').request({ host: '127.0.0.1', port, method: 'CONNECT', path: host + ':443' })
request.on('connect', (response, socket) => {
  const name = require('net').isIP(host) ? {} : { servername: host }
  const tls = require('tls').connect({ socket, host, ...name })
  tls.on('secureConnect', () => tls.write('GET / HTTP/1.1\\r\\nHost: inference.local\\r\\n\\r\\n'))
  tls.on('data', () => process.exit(tls.authorized ? 0 : 1))
  tls.on('error', (error) => { console.error(error.code, error.message); process.exit(1) })
})
request.end()`

const PYTHON_CLIENT = `
import http.client, ssl, sys
host, port, root = sys.argv[1:]
context = ssl.create_default_context(cafile=root)
context.verify_flags |= ssl.VERIFY_X509_STRICT
connection = http.client.HTTPSConnection('127.0.0.1', int(port), context=context, timeout=15)
connection.set_tunnel(host, 443)
connection.request('GET', '/')
assert connection.getresponse().status == 200`

const JAVA_CLIENT = `
import java.io.FileInputStream;
import java.net.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

public class Client {
  public static void main(String[] arguments) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (FileInputStream root = new FileInputStream(arguments[2])) {
      trusted.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(root));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    Proxy proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1])));
    HttpsURLConnection connection = (HttpsURLConnection) new URL("https://" + arguments[0] + "/").openConnection(proxy);
    connection.setSSLSocketFactory(context.getSocketFactory());
    if (connection.getResponseCode() != 200) System.exit(1);
  }
}`

const GO_CLIENT = `
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

func main() {
	root, _ := os.ReadFile(os.Args[3])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	proxy, _ := url.Parse("http://127.0.0.1:" + os.Args[2])
	client := http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}}
	response, err := client.Get("https://" + os.Args[1] + "/")
	if err != nil || response.StatusCode != 200 {
		fmt.Println(err)
		os.Exit(1)
	}
}`

export const VERIFIERS: readonly Verifier[] = [
  {
    name: 'curl',
    need: 'required',
    refusal: OPENSSL_REFUSAL,
    prepare: ifInstalled(
      ['curl', '--version'],
      async () =>
        ({ host, proxyPort, rootPath }) =>
          runProgram('curl', [
            ...['-sS', '--max-time', '15', '--noproxy', '', '--proxy', `http://127.0.0.1:${proxyPort}`],
            ...['--cacert', rootPath, `https://${host}/`],
          ]),
    ),
  },
  {
    name: 'openssl s_client -x509_strict',
    need: 'required',
    refusal: OPENSSL_REFUSAL,
    prepare: ifInstalled(
      ['openssl', 'version'],
      async () =>
        ({ host, proxyPort, rootPath }) =>
          runProgram('openssl', [
            ...['s_client', '-proxy', `127.0.0.1:${proxyPort}`, '-connect', `${host}:443`, '-CAfile', rootPath],
            ...['-verify_return_error', '-x509_strict'],
            ...(isAddress(host)
              ? ['-noservername', '-verify_ip', host]
              : ['-servername', host, '-verify_hostname', host]),
          ]),
    ),
  },
  {
    name: 'Python with VERIFY_X509_STRICT',
    need: 'required',
    refusal: OPENSSL_REFUSAL,
    prepare: ifInstalled(
      ['python3', '-c', 'import ssl'],
      async () =>
        ({ host, proxyPort, rootPath }) =>
          runProgram('python3', ['-c', PYTHON_CLIENT, host, String(proxyPort), rootPath]),
    ),
  },
  {
    name: 'Node with NODE_EXTRA_CA_CERTS',
    need: 'required',
    refusal: OPENSSL_REFUSAL,
    prepare:
      async () =>
      ({ host, proxyPort, rootPath }) =>
        runProgram(process.execPath, ['-e', NODE_CLIENT, host, String(proxyPort)], { NODE_EXTRA_CA_CERTS: rootPath }),
  },
  {
    name: 'Java HttpsURLConnection',
    need: 'optional',
    refusal: /name constraints/i,
    prepare: ifInstalled(['javac', '-version'], async (folder) => {
      await runProgram('javac', ['-d', folder.path, folder.write('Client.java', JAVA_CLIENT)])
      return ({ host, proxyPort, rootPath }) =>
        runProgram('java', ['-cp', folder.path, 'Client', host, String(proxyPort), rootPath])
    }),
  },
  {
    name: 'Go net/http',
    need: 'optional',
    refusal: /constraint/i,
    prepare: ifInstalled(['go', 'version'], async (folder) => {
      const client = join(folder.path, 'go-client')
      const source = folder.write('client.go', GO_CLIENT)
      const { exitCode, output } = await runProgram('go', ['build', '-o', client, source], { GOFLAGS: '-mod=mod' })
      if (exitCode !== 0) throw new Error(output)
      return ({ host, proxyPort, rootPath }) => runProgram(client, [host, String(proxyPort), rootPath])
    }),
  },
  {
    name: 'wget (GnuTLS on Debian)',
    need: 'optional',
    refusal: /not trusted|constraint|subtree violation/i,
    prepare: ifInstalled(
      ['wget', '--version'],
      async () =>
        ({ host, proxyPort, rootPath }) =>
          runProgram('wget', [
            ...['-nv', '-O', '-', '--tries=1', '--timeout=15', '-e', 'use_proxy=yes'],
            ...['-e', `https_proxy=http://127.0.0.1:${proxyPort}`, `--ca-certificate=${rootPath}`, `https://${host}/`],
          ]),
    ),
  },
]

function ifInstalled(
  [program, ...parameters]: readonly [string, ...string[]],
  prepare: (folder: TemporaryFolder) => Promise<(question: Question) => Promise<ProgramResult>>,
): Verifier['prepare'] {
  return async (folder) => ((await isInstalled(program, ...parameters)) ? prepare(folder) : undefined)
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host)
}
