import { FAULTS } from './fault.js'
import type { Misbehaviour } from './misbehaviour.js'

const PREFIX = 'mock/'

/**
 * What a model name asks for: `mock/NAME`, `mock/NAME:NUMBER`, or several of them, as in `mock/gzip+slow-stream:50`.
 *
 * @returns no misbehaviour for other vendors' names; undefined for a `mock/` name that nothing stands behind, so that a
 * misspelt fault does not pass for a good answer.
 */
export function resolveMisbehaviour(model: string): Misbehaviour | undefined {
  if (!model.startsWith(PREFIX)) {
    return {}
  }
  let all: Misbehaviour = {}
  for (const part of model.slice(PREFIX.length).split('+')) {
    const one = resolveOne(part)
    if (!one) {
      return undefined
    }
    all = { ...all, ...one, fields: [...(all.fields ?? []), ...(one.fields ?? [])] }
  }
  return all
}

function resolveOne(part: string): Misbehaviour | undefined {
  const [name, parameter, ...rest] = part.split(':')
  const fault = FAULTS.find((candidate) => candidate.name === name)
  if (!fault || rest.length > 0) {
    return undefined
  }
  if (parameter === undefined) {
    return fault.misbehave(fault.parameter?.default ?? 0)
  }
  const value = /^\d{1,9}$/.test(parameter) ? Number(parameter) : Number.NaN
  const { min = 0, max } = fault.parameter ?? { max: -1 }
  return value >= min && value <= max ? fault.misbehave(value) : undefined
}
