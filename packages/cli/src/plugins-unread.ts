import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Interfaces } from '@oclif/core'

/** A user's plugin as `plugins install` or `plugins link` registered it. */
interface RegisteredPlugin {
  readonly name: string
  readonly type: string
  readonly root?: string
  readonly tag?: string
}

/**
 * The user's plugins by what was written down when they were installed. oclif's own way to list them loads their
 * commands, and one that ends or hangs its process could then neither be seen nor removed.
 *
 * @param dataDirectory - oclif's data folder.
 */
export function pluginsUnread(dataDirectory: string): readonly Interfaces.Plugin[] {
  return registered(dataDirectory).map((plugin) => {
    const root = plugin.root ?? join(dataDirectory, 'node_modules', plugin.name)
    return {
      ...plugin,
      root,
      version: versionIn(root),
      alias: plugin.name,
      commands: [],
      commandIDs: [],
      topics: [],
      hooks: {},
      children: [],
      valid: true,
      hasManifest: true,
      isRoot: false,
      moduleType: 'module',
      pjson: { name: plugin.name, oclif: {} },
      // oclif asks for nothing else of a plugin that has neither commands nor hooks.
    } as unknown as Interfaces.Plugin
  })
}

function registered(dataDirectory: string): readonly RegisteredPlugin[] {
  const oclif = member(readJson(join(dataDirectory, 'package.json')), 'oclif')
  const plugins = member(oclif, 'plugins')
  return Array.isArray(plugins) ? plugins.filter(isRegisteredPlugin) : []
}

function isRegisteredPlugin(value: unknown): value is RegisteredPlugin {
  return (
    typeof member(value, 'name') === 'string' &&
    ['user', 'link'].includes(String(member(value, 'type'))) &&
    ['string', 'undefined'].includes(typeof member(value, 'root'))
  )
}

function versionIn(root: string): string {
  const version = member(readJson(join(root, 'package.json')), 'version')
  return typeof version === 'string' ? version : '(not there)'
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined // Nothing was ever installed, or what was is broken: then there is nothing to say about it.
  }
}
