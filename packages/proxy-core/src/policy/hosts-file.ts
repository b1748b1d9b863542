import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { canonicalHost } from '../http/authority.js'

/** @returns The addresses that /etc/hosts gives a name (hosts(5)); none where there is no such file. */
export function hostsFileAddresses(host: string, readText: () => string = readHosts): readonly string[] {
  const text = readText()
  if (!text.toLowerCase().includes(host)) {
    return []
  }
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.split('#', 1)[0]!.trim().split(/\s+/)
    return isIP(address) && names.some((name) => canonicalHost(name) === host) ? [address] : []
  })
}

function readHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return ''
  }
}
