export { INFERENCE_PROTOCOLS, type InferenceProtocol } from './inference-protocol.js'
export type { AuthHeader, InferenceProviderHook, InferenceProviderProfile } from './inference-provider-profile.js'
export { METADATA_NAMES } from './metadata-names.js'
export { profileViolations } from './profile-violations.js'
