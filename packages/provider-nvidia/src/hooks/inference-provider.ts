import type { InferenceProviderHook } from '@nemoclaw/proxy-core/provider'
import { nvidiaProfile } from '../profile.js'

/** Answers `nemoclaw:inference-provider`; registered under `oclif.hooks` in package.json. */
export default (async () => nvidiaProfile) satisfies InferenceProviderHook
