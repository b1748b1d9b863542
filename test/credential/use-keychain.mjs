// Usage: use-keychain.mjs [without-libsecret] get|put-raw|set-and-wait. Prints as JSON what became of it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { KeychainStore } from '../../packages/cli/dist/credential/keychain-store.js'

const SLOT = { provider: 'nvidia', key: 'NVIDIA_API_KEY' }
const [first, ...rest] = process.argv.slice(2)
if (first === 'without-libsecret') removeLibsecret()
const operation = first === 'without-libsecret' ? rest[0] : first
const store = new KeychainStore({ environment: (name) => process.env[name] })

if (operation === 'put-raw') {
  const { default: keytar } = await import('keytar')
  await keytar.setPassword('nemoclaw', 'provider/nvidia/NVIDIA_API_KEY', await text(process.stdin))
} else if (operation === 'set-and-wait') {
  await store.set(SLOT, { origin: 'https://a.example', value: process.env.KEY })
  await store.get(SLOT)
  await text(process.stdin)
  const libraries = readFileSync('/proc/self/maps', 'utf8').match(/\S*(?:keytar|libsecret|libglib)\S*/g) ?? []
  console.log(JSON.stringify({ libraries }))
} else {
  const begin = performance.now()
  try {
    console.log(JSON.stringify({ found: (await store.get(SLOT)) !== undefined }))
  } catch ({ code, message, suggestions }) {
    console.log(JSON.stringify({ code, message, suggestions, ms: performance.now() - begin }))
  }
}

/** Really removes it, for this mount namespace: the library folders get a layer on top in which it is deleted. */
function removeLibsecret() {
  const layers = mkdtempSync(join(tmpdir(), 'nemoclaw-layers-'))
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', layers])
  const libraries = execFileSync('sh', ['-c', 'ldconfig -p 2>/dev/null || /sbin/ldconfig -p'], { encoding: 'utf8' })
  for (const path of new Set(libraries.match(/\/\S*(?=\/libsecret-1\.so)/g))) {
    const [upper, work] = ['upper', 'work'].map((name) => join(layers, path.replaceAll('/', '_') + name))
    for (const folder of [upper, work]) mkdirSync(folder)
    execFileSync('mount', [
      '-t',
      'overlay',
      'overlay',
      '-o',
      `lowerdir=${path},upperdir=${upper},workdir=${work}`,
      path,
    ])
    for (const name of readdirSync(path)) if (name.startsWith('libsecret-1.so')) rmSync(join(path, name))
  }
}
