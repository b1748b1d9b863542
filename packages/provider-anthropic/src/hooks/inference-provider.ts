import type { InferenceProviderHook } from '@nemoclaw/proxy-core/provider'
import { anthropicProfile } from '../profile.js'

/** Answers `nemoclaw:inference-provider`; registered under `oclif.hooks` in package.json. */
export default (async () => anthropicProfile) satisfies InferenceProviderHook
