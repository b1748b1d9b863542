import { serveKeychain } from '../dist/credential/serve-keychain.js'

await serveKeychain(process.stdin, process.stdout)
