import type { ConfigDocument } from '../config/schema.js'
import { changeCredentials } from '../credential/change-credentials.js'
import { UserError } from '../user-error.js'
import type { ProviderStorage } from './create-provider.js'
import { requireProvider } from './require-provider.js'
import { routesUsing } from './routes-using.js'

/**
 * Deletes providers and their credentials, all or, where one is missing or in use, none.
 *
 * @param force - Delete although a route refers to one: the next request gets 503.
 * @returns What could not be tidied up, for the user, a line each.
 * @throws {UserError} `ERR_PROVIDER_NOT_FOUND`, `ERR_PROVIDER_IN_USE`; those of the stores.
 */
export async function deleteProviders(
  names: readonly string[],
  force: boolean,
  { store, openAccess }: Pick<ProviderStorage, 'store' | 'openAccess'>,
): Promise<readonly string[]> {
  const before = await store.read()
  for (const name of names) refuseDeletion(before, name, force)
  const access = await openAccess()
  const notices: string[] = []
  for (const name of names) {
    const deleted = await changeCredentials(
      store,
      {
        provider: name,
        change: (current) => {
          refuseDeletion(current, name, force)
          const { [name]: _deleted, ...providers } = current.providers
          return { ...current, providers }
        },
      },
      access,
    )
    notices.push(...deleted.notices)
  }
  return notices
}

function refuseDeletion(document: ConfigDocument, name: string, force: boolean): void {
  requireProvider(document, name)
  const routes = routesUsing(document, name)
  if (routes.length === 0 || force) return
  throw new UserError('ERR_PROVIDER_IN_USE', `provider '${name}' is in use by the route ${routes.join(', ')}`, {
    suggestions: [
      'Free it: nemoclaw cluster inference unset',
      'Or lead the route elsewhere: nemoclaw cluster inference update --provider OTHER --model MODEL',
      `Or delete it all the same: nemoclaw provider delete ${name} --force`,
    ],
  })
}
