import type { Interfaces } from '@oclif/core'

/** The oclif hook by which a plugin hands its profile over. */
export const PROFILE_HOOK = 'nemoclaw:inference-provider'

/** An installed plugin that says it contributes a profile. */
export interface ProviderPlugin {
  readonly name: string
  readonly version: string
  /** Absolute path of its folder. */
  readonly root: string
  readonly bundled: boolean
}

/** Those of oclif's plugins that contribute profiles, by their package.json alone: none of their code is loaded. */
export function providerPlugins(plugins: readonly Interfaces.Plugin[]): readonly ProviderPlugin[] {
  return plugins
    .filter(({ hooks }) => (hooks[PROFILE_HOOK]?.length ?? 0) > 0)
    .map(({ name, version, root, type }) => ({ name, version, root, bundled: type === 'core' }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}
