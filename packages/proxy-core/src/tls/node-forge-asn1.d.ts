// @types/node-forge describes the package's main module only, which loads all of forge.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 } from 'node-forge'

  const encoder: Omit<typeof asn1, 'fromDer'> & {
    fromDer(bytes: string, options: { readonly decodeBitStrings: boolean }): asn1.Asn1
  }
  export default encoder
}
