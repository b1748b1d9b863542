import * as Flags from '@oclif/core/flags'

export const OUTPUT_FORMATS = ['table', 'json', 'yaml', 'name'] as const

export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** `-o`: how a command that shows something shows it. */
export const outputFlag = Flags.option({
  char: 'o',
  summary: 'How to print: a table for people, json or yaml for programs, or names only.',
  options: OUTPUT_FORMATS,
  default: 'table' as const,
})()
