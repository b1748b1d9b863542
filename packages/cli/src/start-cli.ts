import { createRequire } from 'node:module'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { discardStaleManifests } from './manifest/discard-stale-manifests.js'
import { describeFailure, type FailureDescription } from './report/describe-failure.js'
import { HiddenArguments } from './report/hidden-arguments.js'
import { survivingOutput } from './report/surviving-output.js'
import { wantsJson } from './report/wants-json.js'

// oclif is CommonJS: to import it, Node would parse its files a second time, for the names of their exports.
const require = createRequire(import.meta.url)

const SECRET_NAME = /key|token|secret|passw|passphrase|credential/i

/**
 * Runs the command line of this process to its exit code.
 *
 * @param packageRoot - The folder of this package, as a file URL.
 */
export async function startCli(packageRoot: URL): Promise<void> {
  survivingOutput(process)
  placeState(process.env)
  standInForPasswd(process.env)
  const hidden = new HiddenArguments(process.argv.slice(2))
  // oclif prints process.argv too when DEBUG is set, and plugins can read it.
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...hidden.argv)
  const root = fileURLToPath(packageRoot)
  discardStaleManifests(root, (text) => process.stderr.write(`Warning: ${text}\n`))
  const failure = await runOclif(root, hidden).then(
    () => undefined,
    (error: unknown) => describeFailure(error, failureOptions(hidden)),
  )
  if (failure) finish(failure)
}

async function runOclif(root: string, hidden: HiddenArguments): Promise<void> {
  const argv = [...hidden.argv]
  const { run } = require('@oclif/core/run') as typeof import('@oclif/core/run')
  const { settings } = require('@oclif/core/settings') as typeof import('@oclif/core/settings')
  // Linked plugins are built; looking for a TypeScript compiler costs time and prints a warning.
  settings.enableAutoTranspile = false
  const options = { root, hiddenArguments: hidden }
  // What a plugin runs while it is installed is the plugin's own idea of a good moment.
  if (argv[0] === 'plugins') process.env['npm_config_ignore_scripts'] = 'true'
  await run(argv, listsOrRemovesPlugins(argv) ? await withoutPluginCode(options) : options)
}

/** A plugin that ends its process while it is loaded must not keep the user from seeing and removing it. */
function listsOrRemovesPlugins([topic, verb = '--']: readonly string[]): boolean {
  return topic === 'plugins' && (verb.startsWith('-') || ['uninstall', 'unlink', 'remove', 'reset'].includes(verb))
}

async function withoutPluginCode(options: { readonly root: string }) {
  const [{ Config }, { pluginsUnread }] = await Promise.all([
    import('@oclif/core/config'),
    import('./plugins-unread.js'),
  ])
  const config = await Config.load({ ...options, userPlugins: false })
  for (const plugin of pluginsUnread(config.dataDir)) config.plugins.set(plugin.name, plugin)
  return config
}

/** `NEMOCLAW_HOME` puts everything below one folder: for containers, tests and a second identity. */
function placeState(environment: NodeJS.ProcessEnv): void {
  const home = environment['NEMOCLAW_HOME']
  if (!home) return
  for (const kind of ['config', 'data', 'cache']) {
    environment[`NEMOCLAW_${kind.toUpperCase()}_DIR`] = join(resolve(home), kind)
  }
}

/** Where HOME or SHELL is not set, Node and oclif ask for the user's entry in passwd; a container's user may have none. */
function standInForPasswd(environment: NodeJS.ProcessEnv): void {
  if (environment['HOME'] && environment['SHELL']) return
  try {
    userInfo()
  } catch {
    environment['HOME'] ||= '/'
    environment['SHELL'] ||= '/bin/sh'
  }
}

function failureOptions(hidden: HiddenArguments) {
  const { argv } = hidden
  const words = argv.slice(0, 3)
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word))
  return {
    json: wantsJson(argv),
    debug: Boolean(process.env['DEBUG']),
    command: ['nemoclaw', ...(end < 0 ? words : words.slice(0, end))].join(' '),
    secrets: [
      ...hidden.secrets(),
      ...Object.entries(process.env).flatMap(([name, value]) => (SECRET_NAME.test(name) && value ? [value] : [])),
    ],
  }
}

function finish({ output, exitCode }: FailureDescription): void {
  if (output) process[output.stream].write(output.text)
  process.exitCode = exitCode
}
