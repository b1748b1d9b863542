import { jsonLine, type LogEvent, textLine } from './event-line.js'
import type { LineOutput } from './log-output.js'

export interface SessionLog {
  tell(event: LogEvent): void
  /** A line for a person, where the log is for one. */
  hint(line: string): void
}

/** The log of a session: one line per event. Lines that were lost are told with the next one that is not. */
export function sessionLog(output: LineOutput, format: 'text' | 'json'): SessionLog {
  let lost = 0
  const write = (event: LogEvent) =>
    output(format === 'json' ? jsonLine(event, new Date()) : textLine(event, new Date()))
  return {
    tell(event) {
      if (lost > 0 && write({ kind: 'lifecycle', action: 'lines_lost', lines: lost })) lost = 0
      if (!write(event)) lost++
    },
    hint(line) {
      if (format === 'text') output(line)
    },
  }
}
