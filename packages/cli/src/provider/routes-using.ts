import type { ConfigDocument } from '../config/schema.js'

/** The routes that lead to a provider, by the name under which clients know them. */
export function routesUsing({ inference }: Pick<ConfigDocument, 'inference'>, provider: string): readonly string[] {
  return inference?.provider === provider ? ['inference.local'] : []
}
