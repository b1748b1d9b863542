import type { OutputFormat } from './output-flag.js'
import { printable } from './printable.js'

/** How one value looks in the formats made for people. */
export interface OutputViews {
  readonly table: () => string
  /** One name per line. */
  readonly names: () => readonly string[]
}

/** The text for one output format, without a line feed at its end; empty where there is nothing to print. */
export async function renderOutput(value: unknown, format: OutputFormat, views: OutputViews): Promise<string> {
  switch (format) {
    case 'table':
      return printable(views.table())
    case 'name':
      return printable(views.names().join('\n'))
    case 'json':
      return JSON.stringify(value, undefined, 2)
    case 'yaml': {
      // Imported here: it takes as long as everything else together.
      const { stringify } = await import('yaml')
      return stringify(value).trimEnd()
    }
  }
}
