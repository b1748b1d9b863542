import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CaStore, type CaStoreOptions } from '../../packages/cli/src/ca/ca-store.js'
import { temporaryFolder } from './temporary-folder.js'

/** A folder that goes away, and stores in it. */
export function temporaryCa() {
  const folder = temporaryFolder()
  const path = join(folder.path, 'ca')
  return {
    path,
    write: folder.write,
    store: (options: CaStoreOptions = {}) => new CaStore({ path, shownAs: '~/ca' }, options),
    at: (name: string) => join(path, name),
    [Symbol.dispose]: folder[Symbol.dispose],
  }
}

/** The certificates of a file, each as it is there. */
export const certificatesIn = (path: string) => readFileSync(path, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/)
