import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import type { StoreChoice } from '../credential/store-choice.js'
import { details, table } from '../report/table.js'
import { originOf, providerBaseUrl } from './base-url.js'
import { headerOfCredentialKey } from './header-credential.js'
import { findProfile, type ProfileCatalogue } from './profile-catalogue.js'
import { routesUsing } from './routes-using.js'

/** A provider as it is shown; what `--json` prints, and so a public contract. Never a credential's value. */
export interface ProviderView {
  readonly id: string
  readonly name: string
  readonly type: string
  /** Absent where the plugin of the type is not installed and the record has none of its own. */
  readonly baseUrl?: string
  readonly credentials: readonly CredentialView[]
  readonly config: Readonly<Record<string, string>>
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The routes that lead to it. */
  readonly routes: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
}

export interface CredentialView {
  readonly key: string
  /** `keychain`, `file`, or the reference itself. */
  readonly kept: string
  /** The only origin it is sent to. */
  readonly origin: string
  /** Whether requests go to that origin now; if not, the credential is not sent. */
  readonly usable: boolean
  readonly fingerprint?: string
  readonly updatedAt: string
}

const STORES = { keychain: 'the keychain', file: 'the sealed file' } as const

/** Every provider, sorted by name. */
export function providerViews(document: ConfigDocument, catalogue: ProfileCatalogue): readonly ProviderView[] {
  return Object.values(document.providers)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((record) => providerView(record, document, catalogue))
}

export function providerView(
  record: ProviderRecord,
  document: Pick<ConfigDocument, 'inference'>,
  catalogue: ProfileCatalogue,
): ProviderView {
  const profile = findProfile(catalogue, record.type)
  const baseUrl = profile && providerBaseUrl(profile, record.config)
  const origin = baseUrl === undefined ? undefined : originOf(baseUrl)
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    credentials: Object.entries(record.credentials)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, credential]) => ({
        key,
        kept: credential.kept === 'reference' ? credential.reference : credential.kept,
        origin: credential.origin,
        usable: credential.origin === origin,
        ...(credential.kept === 'reference' ? {} : { fingerprint: credential.fingerprint }),
        updatedAt: credential.updatedAt,
      })),
    config: Object.fromEntries(Object.entries(record.config).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    headers: record.headers,
    routes: routesUsing(document, record.name),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  }
}

/** `provider list` for a person. */
export function providerTable(views: readonly ProviderView[]): string {
  return table(
    ['NAME', 'TYPE', 'BASE URL', 'CREDENTIALS', 'CONFIG', 'HEADERS', 'ROUTES', 'ID'],
    views.map((view) => [
      view.name,
      view.type,
      view.baseUrl ?? '(plugin not installed)',
      view.credentials.map(({ key, kept }) => `${key} (${kept})`).join(', '),
      Object.entries(view.config)
        .map(([key, value]) => `${key}=${value}`)
        .join(', '),
      view.headers.map(([name, value]) => `${name}: ${value}`).join(', '),
      view.routes.join(', '),
      view.id,
    ]),
  )
}

/** `provider get`: a provider with where credentials go on this machine, and why. */
export interface ProviderDetailsView extends ProviderView {
  /** Absent where nothing was stored yet. */
  readonly credentialStore?: StoreChoice
}

/** `provider get` for a person. */
export function providerDetails(view: ProviderDetailsView): string {
  const { credentialStore } = view
  return details([
    ['Name', view.name],
    ['Id', view.id],
    ['Type', view.type],
    ['Base URL', view.baseUrl ?? '(the plugin of this type is not installed)'],
    ['Credentials', view.credentials.map(credentialLine)],
    ['Kept in', credentialStore ? `${STORES[credentialStore.kind]}, because: ${credentialStore.because}` : '-'],
    ['Config', Object.entries(view.config).map(([key, value]) => `${key}=${value}`)],
    ['Headers', view.headers.map(([name, value]) => `${name}: ${value}`)],
    ['Routes', view.routes],
    ['Created', view.createdAt],
    ['Updated', view.updatedAt],
  ])
}

function credentialLine({ key, kept, origin, usable, fingerprint }: CredentialView): string {
  const header = headerOfCredentialKey(key)
  const name = header === undefined ? key : `header ${header}`
  const shown = fingerprint === undefined ? kept : `${kept}, fingerprint ${fingerprint}`
  return usable ? `${name} (${shown})` : `${name} (${shown}; not used: entered for ${origin})`
}
