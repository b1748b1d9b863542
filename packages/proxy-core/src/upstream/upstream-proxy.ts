import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

export interface UpstreamProxyOptions {
  /** `http:` or `https:`, without user information, path, query and fragment. */
  readonly url: URL
  /** Gives `user:password` for Basic (RFC 7617), for each connection anew: it may have been rotated. */
  readonly credential?: (() => string | Promise<string>) | undefined
  /** PEM certificates trusted for an `https:` proxy, and for nothing else, besides those that Node bundles. */
  readonly extraRoots?: readonly string[]
}

/** The operator's own HTTP proxy, through which everything outside is reached. Holds no secret: only where to ask. */
export class UpstreamProxy {
  readonly url: URL
  readonly credential: (() => string | Promise<string>) | undefined
  readonly extraRoots: readonly string[]
  #secureContext: SecureContext | undefined

  constructor({ url, credential, extraRoots = [] }: UpstreamProxyOptions) {
    if (!/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/` || url.port === '0') {
      throw new Error('An upstream proxy is http or https, and has host and port only.') // Quotes nothing: user information.
    }
    this.url = url
    this.credential = credential
    this.extraRoots = extraRoots
  }

  /** As dialled: no brackets. */
  get host(): string {
    return this.url.hostname.replace(/^\[(.*)\]$/, '$1')
  }

  /** 80 for `http:` and 443 for `https:`, where the URL names none. */
  get port(): number {
    return Number(this.url.port) || (this.url.protocol === 'https:' ? 443 : 80)
  }

  /** For messages: the port is always there, because the default one is rarely what was meant. */
  get origin(): string {
    return `${this.url.protocol}//${this.url.hostname}:${this.port}`
  }

  /** One for all connections: parsing the roots takes 20 ms. */
  get secureContext(): SecureContext {
    this.#secureContext ??= createSecureContext({
      ca: [...rootCertificates, ...this.extraRoots],
      minVersion: 'TLSv1.2',
    })
    return this.#secureContext
  }
}
