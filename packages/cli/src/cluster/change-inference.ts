import type { ConfigDocument, InferenceIntent, ProviderRecord } from '../config/schema.js'
import { requireProvider } from '../provider/require-provider.js'
import type { ValidatedEndpoint } from '../provider/verification.js'
import { UserError } from '../user-error.js'
import type { ConfigStore } from './config-store.js'
import { requireInference } from './require-inference.js'

/** What a `set` or an `update` names; a member that is left out was not named. */
export type InferenceChange = Partial<Omit<InferenceIntent, 'version' | 'updatedAt'>>

/** An intent that names the two things none can do without. */
export type WantedInference = InferenceChange & Pick<InferenceIntent, 'provider' | 'model'>

export interface ChangeInferenceOptions {
  readonly store: ConfigStore
  /**
   * Shows that the provider serves the model before anything is written; left out for `--no-verify`.
   *
   * @throws {UserError} where it does not.
   */
  readonly verify?: (record: ProviderRecord, wanted: WantedInference) => Promise<readonly ValidatedEndpoint[]>
  /** ISO 8601, UTC. */
  readonly now: () => string
}

export interface ChangedInference {
  readonly intent: InferenceIntent
  /** Empty where nothing was verified. */
  readonly endpoints: readonly ValidatedEndpoint[]
}

/** Each lost race means that another process got its change in, so only a crowd that never ends comes here. */
const MAX_ATTEMPTS = 100

/**
 * Replaces the whole intent.
 *
 * @throws {UserError} `ERR_PROVIDER_NOT_FOUND`; as `verify` and the store do. Nothing is written then.
 */
export function setInference(wanted: WantedInference, options: ChangeInferenceOptions): Promise<ChangedInference> {
  return storeInference(() => wanted, options)
}

/**
 * Changes what is named and keeps the rest, as it is at the moment of writing: of two updates at once none is lost.
 *
 * @throws {UserError} `ERR_INFERENCE_NOT_CONFIGURED`; as `setInference`.
 */
export function updateInference(change: InferenceChange, options: ChangeInferenceOptions): Promise<ChangedInference> {
  return storeInference((document) => {
    const { version: _version, updatedAt: _updatedAt, ...current } = requireInference(document)
    return { ...current, ...change }
  }, options)
}

/** The world changed between verification and writing, so that something else would be written than was verified. */
class Overtaken extends Error {}

async function storeInference(
  plan: (document: ConfigDocument) => WantedInference,
  { store, verify, now }: ChangeInferenceOptions,
): Promise<ChangedInference> {
  const verified = new Map<string, readonly ValidatedEndpoint[]>()
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const before = subject(await store.read(), plan)
    const endpoints = verified.get(before.key) ?? (await verify?.(before.record, before.wanted)) ?? []
    verified.set(before.key, endpoints)
    try {
      const { inference } = await store.update((current) => {
        const { key, wanted } = subject(current, plan)
        if (verify && key !== before.key) throw new Overtaken()
        return {
          ...current,
          inference: { ...wanted, version: (current.inference?.version ?? 0) + 1, updatedAt: now() },
        }
      })
      return { intent: inference!, endpoints }
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
  }
  throw new UserError('ERR_CONFIG_CONFLICT', 'other processes keep changing the configuration', {
    suggestions: ['Try again.'],
  })
}

/** What is to be verified, and a key that changes whenever the verification would have to be done anew. */
function subject(document: ConfigDocument, plan: (document: ConfigDocument) => WantedInference) {
  const wanted = plan(document)
  const record = requireProvider(document, wanted.provider)
  return { wanted, record, key: JSON.stringify([record.id, record.updatedAt, wanted.model]) }
}
