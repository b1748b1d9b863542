/** Minimum, median and maximum of samples, and the three as text. */
export function summary(samples, digits = 0) {
  const sorted = samples.toSorted((a, b) => a - b)
  const [min, median, max] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  return { min, median, max, text: [min, median, max].map((value) => value.toFixed(digits)).join(' / ') }
}

/** A markdown table. */
export function table(headings, rows) {
  return [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
