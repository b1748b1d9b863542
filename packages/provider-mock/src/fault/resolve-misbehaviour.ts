import { FAULTS } from './fault.js'
import type { Misbehaviour } from './misbehaviour.js'

const PREFIX = 'mock/'

/**
 * What a model name asks for: `mock/NAME` or `mock/NAME:NUMBER`.
 *
 * @returns no misbehaviour for other vendors' names; undefined for a `mock/` name that nothing stands behind, so that a
 * misspelt fault does not pass for a good answer.
 */
export function resolveMisbehaviour(model: string): Misbehaviour | undefined {
  if (!model.startsWith(PREFIX)) {
    return {}
  }
  const [name, parameter, ...rest] = model.slice(PREFIX.length).split(':')
  const fault = FAULTS.find((candidate) => candidate.name === name)
  if (!fault || rest.length > 0) {
    return undefined
  }
  if (parameter === undefined) {
    return fault.misbehave(fault.parameter?.default ?? 0)
  }
  const value = /^\d{1,9}$/.test(parameter) ? Number(parameter) : Number.NaN
  return fault.parameter && value <= fault.parameter.max ? fault.misbehave(value) : undefined
}
