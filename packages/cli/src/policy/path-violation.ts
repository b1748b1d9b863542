/** Why a text is no absolute path in its one spelling; `undefined` where it is one. */
export function pathViolation(path: string): string | undefined {
  if (!path.startsWith('/')) return 'is not an absolute path; it begins with /'
  if (path === '/') return undefined
  if (path.endsWith('/')) return `ends in a slash; write ${path.replace(/\/+$/, '') || '/'}`
  if (path.includes('//')) return `holds an empty segment; write ${path.replaceAll(/\/{2,}/g, '/')}`
  if (/\/\.{1,2}(?=\/|$)/.test(path)) return 'holds "." or ".."; write the path without'
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return 'holds a control character'
  return undefined
}

/** Why a text is no path or glob of a program: `*` within a segment, `**` across. */
export function binaryViolation(path: string): string | undefined {
  if (/^\/\*+(?:\/\*+)*$/.test(path)) return 'would be any program; leave "binaries" out for that'
  if (path.includes('***')) return 'holds ***; * stands for anything within a segment, ** across segments'
  return path === '/' ? 'is no program' : pathViolation(path)
}
