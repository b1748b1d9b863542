import { join } from 'node:path'
import { type AuthorityMaterial, issueAuthority } from '@nemoclaw/proxy-core/tls'
import { checkStateDirectory, ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import { authorityAge } from './authority-age.js'
import { authorityNumbers, placeAuthority, readAuthority, readRoot, removeAuthority } from './authority-folder.js'
import { publishFile } from './publish-file.js'
import { SYSTEM_BUNDLES, systemRoots } from './system-roots.js'

const ROOTS_FILE = 'ca.pem'
const BUNDLE_FILE = 'ca-bundle.pem'

/** The authority to serve with, and whether anybody can trust it yet. */
export interface OpenedAuthority {
  readonly authority: AuthorityMaterial
  /** After `created` and `rotated` there is a root that clients must be told to trust. */
  readonly origin: 'created' | 'loaded' | 'rotated'
}

export interface CaStoreOptions {
  readonly now?: () => Date
  /** Files of system roots to look for, the first found is used. */
  readonly systemBundles?: readonly string[]
}

/**
 * The folder of this user's certificate authority.
 *
 *     ca.pem            the root; while it is being replaced, the new and the old one
 *     ca-bundle.pem     the system's roots and ours, for variables that replace the roots (SSL_CERT_FILE)
 *     authority-1/      root.pem, intermediate.pem, intermediate-key.pem (0600, the only key)
 *     authority-2/      its successor
 */
export class CaStore {
  readonly #directory: StateDirectory
  readonly #now: () => Date
  readonly #systemBundles: readonly string[]

  constructor(
    directory: StateDirectory,
    { now = () => new Date(), systemBundles = SYSTEM_BUNDLES }: CaStoreOptions = {},
  ) {
    this.#directory = directory
    this.#now = now
    this.#systemBundles = systemBundles
  }

  /** Path of the root in PEM, for variables that add to the roots (NODE_EXTRA_CA_CERTS). It is there after `open`. */
  get rootPath(): string {
    return join(this.#directory.path, ROOTS_FILE)
  }

  /**
   * Reads the newest authority; makes the first, or the successor of one with less than 30 days left.
   *
   * @throws {UserError} `ERR_CA_UNREADABLE`, `ERR_STATE_DIRECTORY_UNSAFE`: others could read the key or change a file.
   *   `ERR_CA_BROKEN`: it is not whole. `ERR_CA_NOT_YET_VALID`: the clock is wrong. `ERR_CA_UNWRITABLE`.
   */
  async open(): Promise<OpenedAuthority> {
    ensureStateDirectory(this.#directory)
    let origin: OpenedAuthority['origin'] = 'loaded'
    for (;;) {
      const newest = authorityNumbers(this.#directory)[0]
      const authority = newest === undefined ? undefined : readAuthority(this.#directory, newest)
      if (authority !== undefined && this.#isFresh(authority)) {
        publishFile(this.rootPath, this.#shown(ROOTS_FILE), this.#trustedRoots().join(''))
        return { authority, origin }
      }

      const successor = await issueAuthority({ now: this.#now() })
      const wasFirst = placeAuthority(this.#directory, (newest ?? 0) + 1, successor)
      if (wasFirst) origin = newest === undefined ? 'created' : 'rotated'
    }
  }

  /** The newest authority as it is, or `undefined`; makes nothing. Throws as `open`. */
  async read(): Promise<AuthorityMaterial | undefined> {
    if (!checkStateDirectory(this.#directory)) return undefined
    const newest = authorityNumbers(this.#directory)[0]
    return newest === undefined ? undefined : readAuthority(this.#directory, newest)
  }

  /**
   * Brings `ca-bundle.pem` up to date with the system's roots and ours.
   *
   * @returns its path.
   */
  async trustBundle(): Promise<string> {
    await this.open()
    const path = join(this.#directory.path, BUNDLE_FILE)
    // A set: the root may have been installed into the system already.
    const roots = new Set([...this.#trustedRoots(), ...systemRoots(this.#systemBundles)])
    publishFile(path, this.#shown(BUNDLE_FILE), [...roots].join(''))
    return path
  }

  #isFresh(authority: AuthorityMaterial): boolean {
    const age = authorityAge(authority, this.#now())
    if (age === 'not_yet_valid') {
      throw new UserError(
        'ERR_CA_NOT_YET_VALID',
        `the certificate authority in ${this.#directory.shownAs} is not valid yet: the clock says ${this.#now().toISOString()}`,
        { suggestions: ['Set the clock: date -u'] },
      )
    }
    return age === 'fresh'
  }

  /** Roots that may still be met, the newest first: a proxy that runs goes on with the authority it began with. */
  #trustedRoots(): readonly string[] {
    return authorityNumbers(this.#directory).flatMap((number) => {
      const root = readRoot(this.#directory, number)
      if (root === undefined) return []
      if (Date.parse(root.validTo) > this.#now().getTime()) return [root.toString()]
      removeAuthority(this.#directory, number)
      return []
    })
  }

  #shown(name: string): string {
    return `${this.#directory.shownAs}/${name}`
  }
}
