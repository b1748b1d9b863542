import { printableLine } from './printable.js'

const GAP = '  '

/**
 * Aligns rows under upper-case headings, like `kubectl`: no frame, so that `awk` and eyes both find the columns.
 * Control characters in cells are escaped; an empty cell shows `-`.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows.map((row) => row.map((cell) => printableLine(cell) || '-'))]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ''))))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell)))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n')
}

/** Lines of `Name: value`, aligned; several values go below each other. */
export function details(entries: readonly (readonly [name: string, values: string | readonly string[]])[]): string {
  const indent = Math.max(...entries.map(([name]) => width(name))) + 1 + GAP.length
  return entries
    .map(([name, values]) => {
      const lines = typeof values === 'string' ? [values] : values.length > 0 ? values : ['-']
      return `${name}:`.padEnd(indent) + lines.map(printableLine).join(`\n${' '.repeat(indent)}`)
    })
    .join('\n')
}

/** Characters, not UTF-16 units; wide and combining ones are not told apart. */
function width(text: string): number {
  return [...text].length
}
