import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import type { ListenAddress } from './listen-address.js'

/** Who listens on a port: the process, or, where it is another user's, only whose it is. */
export type PortHolder = { readonly pid: number; readonly program: string } | { readonly uid: number }

/** By /proc (proc(5)), so on Linux only; `undefined` where it cannot be told. */
export function portHolder(address: ListenAddress): PortHolder | undefined {
  try {
    const listener = findListener(address)
    if (!listener) return undefined
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && hasSocket(name, listener.inode))
    return pid === undefined ? { uid: listener.uid } : { pid: Number(pid), program: programOf(pid) }
  } catch {
    return undefined // A hint that cannot be had is left out.
  }
}

interface Listener {
  readonly inode: string
  readonly uid: number
}

function findListener({ host, port }: ListenAddress): Listener | undefined {
  const listeners = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readTable).filter((row) => row.port === port)
  // Another address of the same port is no obstacle; all addresses at once are one.
  return (
    listeners.find(({ address }) => address === kernelSpelling(host)) ??
    listeners.find(({ address }) => !/[1-9A-F]/.test(address))
  )
}

function readTable(path: string): readonly (Listener & { readonly address: string; readonly port: number })[] {
  return readFileSync(path, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, local = '', , state, , , , uid, , inode] = line.trim().split(/ +/)
      const [address = '', port = ''] = local.split(':')
      const isListening = state === '0A' && inode !== undefined
      return isListening ? [{ address, port: Number.parseInt(port, 16), uid: Number(uid), inode }] : []
    })
}

/** 32-bit words in the byte order of the machine, which is little-endian wherever this runs. */
function kernelSpelling(host: string): string {
  if (host === '::1') return '00000000000000000000000001000000'
  return Buffer.from(host.split('.').map(Number).reverse()).toString('hex').toUpperCase()
}

function hasSocket(pid: string, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
  } catch {
    return false // Another user's process, or one that has just ended.
  }
}

/** Its name alone: the arguments of another program may hold secrets. */
function programOf(pid: string): string {
  const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)
  return basename(program) || readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
}
