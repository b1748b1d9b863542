import type { ConfigDocument } from '../config/schema.js'

/** Computes the next document from the current one; pure, and may be called again after a lost race. */
export type ConfigChange = (current: ConfigDocument) => Omit<ConfigDocument, 'version' | 'schemaVersion'>

/** What a watcher hears: a new good snapshot, or why the newest could not be used (the last good one stays). */
export type ConfigEvent =
  | { readonly kind: 'changed'; readonly document: ConfigDocument }
  | { readonly kind: 'broken'; readonly error: Error }

/**
 * Where the configuration lives. One implementation keeps it in a local file; another may keep it on a
 * cluster.
 */
export interface ConfigStore {
  /**
   * The newest good document; `EMPTY_CONFIG` where none was ever written.
   *
   * @throws {UserError} `ERR_CONFIG_UNREADABLE` where the stored document is broken or unreadable.
   */
  read(): Promise<ConfigDocument>
  /**
   * Applies `change` to the newest document and stores the result with `version + 1`, atomically: another
   * process sees the old or the new document, never a mixture, and no concurrent update is lost.
   *
   * @param expectedVersion - Refuse unless the stored version is this one; leave out to apply to whatever is newest.
   * @returns The document as stored.
   * @throws {UserError} `ERR_CONFIG_CONFLICT`, `ERR_CONFIG_UNWRITABLE`, `ERR_CONFIG_UNREADABLE`, `ERR_CONFIG_LOCKED`;
   *   whatever `change` throws, with nothing written.
   */
  update(change: ConfigChange, expectedVersion?: number): Promise<ConfigDocument>
  /** Calls `listener` within 1 s of each change, by whatever process. @returns stops it. */
  watch(listener: (event: ConfigEvent) => void): () => void
}
