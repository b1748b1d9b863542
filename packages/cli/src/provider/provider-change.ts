import type { NewCredential } from './collect-credentials.js'
import type { HeaderArgument } from './header-argument.js'

/** What a `create` or an `update` asks for, parsed and fetched; what is left out stays as it is. */
export interface ProviderChange {
  readonly credentials: readonly NewCredential[]
  readonly headers: readonly HeaderArgument[]
  /** Values of base URL keys are checked. */
  readonly config: ReadonlyMap<string, string>
  readonly unsetCredentials: readonly string[]
  readonly unsetConfig: readonly string[]
  /** Existing credentials that the user lets go to a new origin. */
  readonly movedCredentials: readonly string[]
}
