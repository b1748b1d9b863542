import type { Der, DerNode } from './der.js'

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

/** What a key may be used for (RFC 5280 §4.2.1.3), as the bit's number. */
const KEY_USAGE_BIT = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const
export type KeyUsage = keyof typeof KEY_USAGE_BIT

/** The extensions of RFC 5280 §4.2.1 that our certificates carry, in DER. */
export function certificateExtensions(der: Der) {
  const extension = (id: string, verdict: 'critical' | 'informative', value: DerNode) =>
    der.sequence(der.oid(id), ...(verdict === 'critical' ? [der.true()] : []), der.octetString(der.encode(value)))

  return {
    /** @param pathLength - How many CAs may follow below this one. */
    isAuthority: (pathLength: number) =>
      extension('2.5.29.19', 'critical', der.sequence(der.true(), der.integer(Buffer.of(pathLength)))),
    isNoAuthority: () => extension('2.5.29.19', 'critical', der.sequence()),
    keyUsage: (...usages: readonly KeyUsage[]) => {
      const bits = usages.map((usage) => KEY_USAGE_BIT[usage])
      const octet = bits.reduce<number>((all, bit) => all | (0x80 >> bit), 0)
      // DER drops trailing zero bits of a named bit list (X.690 §11.2.2).
      return extension('2.5.29.15', 'critical', der.bitString(Buffer.of(octet), 7 - Math.max(...bits)))
    },
    serverAuthOnly: () => extension('2.5.29.37', 'informative', der.sequence(der.oid(SERVER_AUTH))),
    subjectKeyIdentifier: (identifier: Buffer) => extension('2.5.29.14', 'informative', der.octetString(identifier)),
    authorityKeyIdentifier: (identifier: Buffer) =>
      extension('2.5.29.35', 'informative', der.sequence(der.tagged(0, identifier))),
    alternativeName: (dnsName: string) =>
      extension('2.5.29.17', 'informative', der.sequence(der.tagged(2, Buffer.from(dnsName)))),
    /**
     * Permits one DNS name (and names below it) and excludes every IP address. The second half is needed: a
     * constraint on one kind of name says nothing of the others, and OpenSSL, Go and Node then accept a leaf for
     * any IP address.
     */
    onlyDnsName: (dnsName: string) =>
      extension(
        '2.5.29.30',
        'critical',
        der.sequence(
          der.tagged(0, [der.sequence(der.tagged(2, Buffer.from(dnsName)))]),
          der.tagged(1, [
            der.sequence(der.tagged(7, EVERY_IPV4_ADDRESS)),
            der.sequence(der.tagged(7, EVERY_IPV6_ADDRESS)),
          ]),
        ),
      ),
  }
}

// Address and mask (RFC 5280 §4.2.1.10), both zero: 0.0.0.0/0 and ::/0.
const EVERY_IPV4_ADDRESS = Buffer.alloc(4 + 4)
const EVERY_IPV6_ADDRESS = Buffer.alloc(16 + 16)
