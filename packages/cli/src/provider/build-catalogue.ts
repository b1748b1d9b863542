import { type InferenceProviderProfile, profileViolations } from '@nemoclaw/proxy-core/provider'
import type { InstalledProfile, ProfileCatalogue, ProfileFailure } from './profile-catalogue.js'
import type { PluginAnswer } from './read-plugin-profiles.js'

/**
 * Checks what plugins handed over and settles who owns which provider type: a bundled plugin before any other, then
 * the first by package name. Nobody can take over a type, and with it the keys entered for it.
 */
export function buildCatalogue(answers: readonly PluginAnswer[]): ProfileCatalogue {
  const profiles = new Map<string, InstalledProfile>()
  const failures: ProfileFailure[] = []
  for (const answer of answers.toSorted(byPrecedence)) {
    const { package: name, packageVersion, bundled } = answer
    const refuse = (reason: string) => failures.push({ package: name, reason })
    if (answer.failure !== undefined) refuse(answer.failure)
    else if (answer.profiles.length === 0) refuse('it handed over no profile')
    for (const candidate of answer.profiles) {
      const violations = profileViolations(candidate)
      if (violations.length > 0) {
        refuse(`its profile is refused: ${violations.join('; ')}`)
        continue
      }
      const profile = candidate as InferenceProviderProfile
      const owner = profiles.get(profile.providerType)
      if (owner) refuse(`provider type '${profile.providerType}' is contributed by ${owner.package} already`)
      else profiles.set(profile.providerType, { profile, package: name, packageVersion, bundled })
    }
  }
  return { profiles: [...profiles.values()].toSorted(byType), failures }
}

function byPrecedence(one: PluginAnswer, other: PluginAnswer): number {
  if (one.bundled !== other.bundled) return one.bundled ? -1 : 1
  return one.package < other.package ? -1 : 1
}

function byType({ profile: one }: InstalledProfile, { profile: other }: InstalledProfile): number {
  return one.providerType < other.providerType ? -1 : 1
}
