import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeFailure, type FailureDescription } from './report/describe-failure.js'
import { HiddenArguments } from './report/hidden-arguments.js'
import { survivingOutput } from './report/surviving-output.js'
import { wantsJson } from './report/wants-json.js'

const SECRET_NAME = /key|token|secret|passw|passphrase|credential/i

/**
 * Runs the command line of this process to its exit code.
 *
 * @param packageRoot - The folder of this package, as a file URL.
 */
export async function startCli(packageRoot: URL): Promise<void> {
  survivingOutput(process)
  placeState(process.env)
  const hidden = new HiddenArguments(process.argv.slice(2))
  // oclif prints process.argv too when DEBUG is set, and plugins can read it.
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...hidden.argv)
  const failure = await runOclif(fileURLToPath(packageRoot), hidden).then(
    () => undefined,
    (error: unknown) => describeFailure(error, failureOptions(hidden)),
  )
  if (failure) finish(failure)
}

async function runOclif(root: string, hidden: HiddenArguments): Promise<void> {
  const argv = [...hidden.argv]
  // A plugin that ends the process while it loads could otherwise never be removed.
  const userPlugins = !(argv[0] === 'plugins' && ['uninstall', 'unlink', 'remove', 'reset'].includes(argv[1] ?? ''))
  if (argv[0] === 'plugins') process.env['npm_config_ignore_scripts'] = 'true'
  const [{ run }, { settings }] = await Promise.all([import('@oclif/core/run'), import('@oclif/core/settings')])
  // Linked plugins are built; looking for a TypeScript compiler costs time and prints a warning.
  settings.enableAutoTranspile = false
  const options = { root, userPlugins, hiddenArguments: hidden }
  await run(argv, options)
}

/** `NEMOCLAW_HOME` puts everything below one folder: for containers, tests and a second identity. */
function placeState(environment: NodeJS.ProcessEnv): void {
  const home = environment['NEMOCLAW_HOME']
  if (!home) return
  for (const kind of ['config', 'data', 'cache']) {
    environment[`NEMOCLAW_${kind.toUpperCase()}_DIR`] = join(resolve(home), kind)
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
