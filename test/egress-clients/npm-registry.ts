import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runServer } from 'verdaccio'
import { PROVIDER_ROOT, providerTls } from '../bad-input/upstream-certificates.js'
import type { EgressBed } from '../egress/egress-bed.js'
import { runCommand } from '../session/run-command.js'
import { openSite, type Site } from './site.js'

/** A package with one module. */
export interface NpmPackage {
  readonly name: string
  readonly version: string
  /** Of `index.js`. */
  readonly source: string
}

/** A registry that has only what is published here, reached by nobody but who knows `name`, and asks no other. */
export async function startNpmRegistry(bed: EgressBed, name: string, published: NpmPackage): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-registry-'))
  const write = (file: string, content: string) => {
    writeFileSync(join(folder, file), content)
    return join(folder, file)
  }
  const { key, cert } = providerTls({ names: [name] })
  const everybody = { access: '$all', publish: '$all' }
  const server = (await runServer({
    storage: join(folder, 'storage'),
    self_path: folder,
    https: { key: write('key.pem', String(key)), cert: write('certificate.pem', String(cert)) },
    listen: 'https://127.0.0.1:0',
    auth: { htpasswd: { file: join(folder, 'htpasswd') } },
    uplinks: {},
    packages: { '**': everybody },
    web: { enable: false },
    log: { type: 'stdout', format: 'pretty', level: 'fatal' },
  } as never)) as Server
  const site = await openSite(bed, server, name)
  await publish(folder, site.port, published)
  return {
    ...site,
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As its author does, from outside of the bed. */
async function publish(folder: string, port: number, { source, ...manifest }: NpmPackage): Promise<void> {
  const place = join(folder, 'package')
  const registry = `127.0.0.1:${port}/`
  const cafile = join(folder, 'root.pem')
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), JSON.stringify({ ...manifest, type: 'module', main: 'index.js' }))
  writeFileSync(join(place, 'index.js'), source)
  writeFileSync(cafile, PROVIDER_ROOT)
  // npm wants to be somebody, whoever that is.
  writeFileSync(join(folder, '.npmrc'), `//${registry}:_authToken=nobody\n`)
  const { code, stderr } = await runCommand(
    'npm',
    ['publish', place, '--registry', `https://${registry}`, '--cafile', cafile, '--cache', join(folder, 'cache')],
    { PATH: process.env['PATH'] ?? '', HOME: folder, npm_config_update_notifier: 'false' },
  )
  if (code !== 0) throw new Error(`npm publish: ${stderr}`)
}
