import { mkdirSync } from 'node:fs'
import { type CliHome, cliHome } from '../cli/run-cli.js'

/** What the provider of these tests is given. */
export const SECRET = 'sk-session-0123456789abcdef'

/** A state with the sealed file opened by a passphrase, and nothing in it yet. */
export function sessionHome(env: Readonly<Record<string, string>> = {}): CliHome {
  return cliHome({ NEMOCLAW_PASSPHRASE: 'correct horse battery staple', ...env })
}

/** The same with a provider `p` at `baseUrl`, and a route to it unless `model` is null. */
export async function homeWithRoute(
  baseUrl: string,
  {
    type = 'mock',
    key = 'MOCK_API_KEY',
    model = 'mock/echo',
  }: { readonly type?: string; readonly key?: string; readonly model?: string | null } = {},
): Promise<CliHome> {
  const home = sessionHome()
  mkdirSync(home.path, { recursive: true })
  await succeed(
    home,
    ['provider', 'create', '--name', 'p', '--type', type, '--base-url', baseUrl, '--no-verify', '--credential', key],
    {
      [key]: SECRET,
    },
  )
  if (model !== null) await setRoute(home, model)
  return home
}

export async function setRoute(home: CliHome, model: string): Promise<void> {
  await succeed(home, ['cluster', 'inference', 'set', '--provider', 'p', '--model', model, '--no-verify'])
}

/** Runs a command that has to work. */
export async function succeed(
  home: CliHome,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await home.run(args, { env })
  if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}: ${stdout}${stderr}`)
  return stdout
}
