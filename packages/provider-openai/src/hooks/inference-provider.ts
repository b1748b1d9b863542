import type { InferenceProviderHook } from '@nemoclaw/proxy-core/provider'
import { openaiProfile } from '../profile.js'

/** Answers `nemoclaw:inference-provider`; registered under `oclif.hooks` in package.json. */
export default (async () => openaiProfile) satisfies InferenceProviderHook
