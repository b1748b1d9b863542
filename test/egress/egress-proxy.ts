import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProxyLimits } from '@nemoclaw/proxy-core'
import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'
import { type ProxyCommand, runProxyCommand } from '../session/run-proxy-command.js'
import type { DialledAddress, EgressBed } from './egress-bed.js'

/** `network_policies` of a policy file: JSON is YAML. */
export type NetworkPolicies = Readonly<Record<string, NetworkPolicyYaml>>

export interface NetworkPolicyYaml {
  readonly endpoints: readonly EndpointYaml[]
  readonly binaries?: readonly { readonly path: string }[]
}

export interface EndpointYaml {
  readonly host?: string
  readonly port?: number
  readonly ports?: readonly number[]
  readonly allowed_ips?: readonly string[]
  readonly resolve?: readonly string[]
  readonly rules?: readonly { readonly method: string; readonly path: string }[]
}

/** A proxy inside the bed. */
export interface EgressProxy extends ProxyCommand {
  readonly policyFile: string
  /** Replaces the policy file at once. */
  writePolicy(policies: NetworkPolicies | string): void
  /** A connection to its port. */
  dial(how?: Pick<DialledAddress, 'endsWhole'>): Promise<Socket>
  /** Memory in use, in bytes. */
  residentBytes(): number
}

export interface EgressProxyOptions {
  readonly args?: readonly string[]
  /** Descriptors it may have open. */
  readonly descriptors?: number
}

const UNCHECKED = fileURLToPath(new URL('programs/unchecked-proxy.mjs', import.meta.url))
let proxies = 0

/** Runs `nemoclaw proxy run --policy FILE` inside. Text is written as it is. */
export async function startEgressProxy(
  bed: EgressBed,
  policies: NetworkPolicies | string,
  { args = [], descriptors }: EgressProxyOptions = {},
): Promise<EgressProxy> {
  const policyFile = join(bed.folder, `policy-${++proxies}.yaml`)
  writePolicyFile(policyFile, policies)
  const command = await runProxyCommand(bed.home, {
    args: ['--policy', policyFile, ...args],
    command: (program, all) => bed.inside([...limited(descriptors), program, ...all]),
  })
  return egressProxy(bed, command, policyFile)
}

/**
 * Runs a proxy inside whose policy no file could hold, as what the parser refuses the gate has to refuse again, or whose
 * limits no flag sets.
 */
export async function startUncheckedProxy(
  bed: EgressBed,
  policies: EgressPolicy['policies'],
  limits: Partial<ProxyLimits> = {},
): Promise<EgressProxy> {
  const policyFile = join(bed.folder, `policy-${++proxies}.json`)
  writeFileSync(policyFile, JSON.stringify({ policy: { policies }, limits }))
  const command = await runProxyCommand(bed.home, {
    command: (program) => bed.inside([program, UNCHECKED, policyFile]),
  })
  return egressProxy(bed, command, policyFile)
}

function egressProxy(bed: EgressBed, command: ProxyCommand, policyFile: string): EgressProxy {
  return Object.assign(command, {
    policyFile,
    writePolicy: (policies: NetworkPolicies | string) => writePolicyFile(policyFile, policies),
    dial: (how = {}) => bed.dial({ host: '127.0.0.1', port: command.port, ...how }),
    residentBytes: () => residentBytes(command.pid),
  })
}

function writePolicyFile(path: string, policies: NetworkPolicies | string): void {
  const text = typeof policies === 'string' ? policies : policyText(policies)
  // As editors do: whoever watches must not see half of it.
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function policyText(policies: NetworkPolicies): string {
  return `${JSON.stringify({ version: 1, network_policies: policies }, undefined, 2)}\n`
}

function limited(descriptors: number | undefined): readonly string[] {
  return descriptors === undefined ? [] : ['prlimit', `--nofile=${descriptors}`, '--']
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
