import { spawnSync } from 'node:child_process'

/**
 * What the tests use besides Node: clients, a Secret Service, a proxy, networks of their own, and a tracer that kills a
 * writer at a system call.
 */
export const TEST_PACKAGES = [
  'curl',
  'dbus',
  'git',
  'gnome-keyring',
  'iproute2',
  'libsecret-1-0',
  'python3',
  'python3-requests',
  'strace',
  'tinyproxy-bin',
  'wget',
]

const UPDATE_LIMIT_MS = 120_000
const INSTALL_LIMIT_MS = 300_000

/**
 * Sees to it that Debian packages are installed, as far as it may: as root with apt-get it installs what is missing,
 * otherwise it prints what will not be run and the command that would help. Never throws, never asks.
 *
 * @param {readonly string[]} names
 * @param {(line: string) => void} [print]
 * @returns {{ installed: string[], missing: string[], how: 'present' | 'installed' | 'failed' | 'not_root' | 'not_debian' }}
 *   `installed` and `missing` are as found afterwards.
 */
export function ensureDebianPackages(names, print = (line) => console.log(line)) {
  const before = missingPackages(names)
  if (before === undefined) return report(names, names, 'not_debian', print)
  if (before.length === 0) return report(names, [], 'present', print)
  if (process.getuid?.() !== 0) return report(names, before, 'not_root', print)

  print(`Installing Debian packages for the tests: ${before.join(' ')}`)
  const updated = aptGet(['update'], UPDATE_LIMIT_MS)
  // Also after a failed update: the lists of an earlier one may do.
  const installed = aptGet(['install', '-y', '--no-install-recommends', ...before], INSTALL_LIMIT_MS)
  const after = missingPackages(names) ?? names
  if (after.length > 0) print(tail(updated) + tail(installed))
  return report(names, after, after.length === 0 ? 'installed' : 'failed', print)
}

/** @returns {string[] | undefined} `undefined` where there is no dpkg. */
function missingPackages(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
  const { stdout, error } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n', ...names], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (error !== undefined) return undefined
  const present = new Set(stdout.split('\n').map((line) => /^installed (\S+)$/.exec(line)?.[1]))
  return names.filter((name) => !present.has(name))
}

function aptGet(args, timeout) {
  return spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=60', ...args], {
    encoding: 'utf8',
    timeout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

function report(names, missing, how, print) {
  if (missing.length > 0) {
    const why = { not_root: 'only root may install them', not_debian: 'this is not Debian', failed: 'apt-get failed' }[
      how
    ]
    print(`Not installed (${why}): ${missing.join(' ')}. Tests that need them are not run; each is named.`)
    if (how !== 'not_debian') {
      print(`To run them: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`)
    }
  }
  return { installed: names.filter((name) => !missing.includes(name)), missing: [...missing], how }
}

function tail({ stdout, stderr, error }) {
  return `${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`.split('\n').slice(-8).join('\n')
}
