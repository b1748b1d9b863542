import { createRequire } from 'node:module'
import type { asn1 } from 'node-forge'

/** A piece of DER before it is encoded. */
export type DerNode = asn1.Asn1
export type Der = ReturnType<typeof loadDer>

type Encoder = typeof import('node-forge/lib/asn1.js')['default']

/**
 * Loads forge's DER encoder and returns the few ASN.1 shapes that a certificate is made of (X.690).
 *
 * Loaded when something is issued, and alone: all of forge takes 25 ms to load, the encoder 7. Required, because to
 * import CommonJS Node parses it a second time for the names of its exports: 24 ms for the encoder. Keys and
 * signatures are Node's own, so no private key ever passes through forge.
 */
export function loadDer() {
  const forge = createRequire(import.meta.url)('node-forge/lib/asn1.js') as Encoder
  const { Class, Type } = forge
  // forge holds octets as binary strings.
  const universal = (type: asn1.Type, octets: string) => forge.create(Class.UNIVERSAL, type, false, octets)

  return {
    sequence: (...nodes: readonly DerNode[]) => forge.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...nodes]),
    set: (...nodes: readonly DerNode[]) => forge.create(Class.UNIVERSAL, Type.SET, true, [...nodes]),
    oid: (dotted: string) => universal(Type.OID, forge.oidToDer(dotted).getBytes()),
    integer: (octets: Buffer) => universal(Type.INTEGER, octets.toString('latin1')),
    /** @param unusedBits - How many low bits of the last octet are not part of the string, 0 to 7. */
    bitString: (octets: Buffer, unusedBits = 0) =>
      universal(Type.BITSTRING, String.fromCharCode(unusedBits) + octets.toString('latin1')),
    octetString: (octets: Buffer) => universal(Type.OCTETSTRING, octets.toString('latin1')),
    utf8String: (text: string) => universal(Type.UTF8, Buffer.from(text).toString('latin1')),
    true: () => universal(Type.BOOLEAN, '\xff'),
    null: () => universal(Type.NULL, ''),
    /** Two-digit years until 2049, four digits from 2050 (RFC 5280 §4.1.2.5). */
    time: (date: Date) =>
      date.getUTCFullYear() < 2050
        ? universal(Type.UTCTIME, forge.dateToUtcTime(date))
        : universal(Type.GENERALIZEDTIME, forge.dateToGeneralizedTime(date)),
    /** A context-specific tag around nodes, or in place of the tag of plain octets. */
    tagged: (tag: number, value: Buffer | readonly DerNode[]) =>
      Buffer.isBuffer(value)
        ? forge.create(Class.CONTEXT_SPECIFIC, tag, false, value.toString('latin1'))
        : forge.create(Class.CONTEXT_SPECIFIC, tag, true, [...value]),
    // Bit strings stay octets: a public key that happens to parse as ASN.1 must come out as it went in.
    parse: (octets: Buffer) => forge.fromDer(octets.toString('latin1'), { decodeBitStrings: false }),
    encode: (node: DerNode) => Buffer.from(forge.toDer(node).getBytes(), 'latin1'),
  }
}
