export { type AuthorityMaterial, authorityMaterial, issueAuthority } from './certificate-authority.js'
export { issueLeaf, type LeafMaterial } from './leaf-certificate.js'
export { ServerCertificates } from './server-certificates.js'
export { INFERENCE_SERVER_NAME, isInferenceServerName } from './server-name.js'
export {
  type HandshakeFailure,
  type HandshakeOutcome,
  type TerminateTlsOptions,
  terminateTls,
} from './terminate-tls.js'
