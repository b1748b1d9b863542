import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parsePolicy } from '../../packages/cli/src/policy/parse-policy.js'
import { sourceFiles } from '../structure/source-files.js'

const page = readFileSync(fileURLToPath(new URL('../../docs/policy.md', import.meta.url)), 'utf8')

test('the example of docs/policy.md is a policy, and shows every key there is', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []

  const { egress, ...confinement } = parsePolicy(example, { shownAs: 'docs/policy.md', platform: 'linux' })

  expect(egress.policies.map(({ name, endpoints }) => [name, endpoints.length])).toEqual([
    ['github', 2],
    ['lab', 3],
  ])
  expect(Object.keys(confinement)).toEqual(['filesystem', 'landlock', 'process'])
  for (const key of ['host', 'port', 'ports', 'allowed_ips', 'resolve', 'rules', 'binaries']) {
    expect(example).toContain(`${key}:`)
  }
})

test('docs/policy.md names every code of the policy commands', () => {
  const code = sourceFiles('cli')
    .filter(({ path }) => path.includes('/src/policy/'))
    .flatMap(({ text }) => text.match(/ERR_POLICY_[A-Z_]+/g) ?? [])

  expect([...new Set(code)].filter((each) => !page.includes(`\`${each}\``))).toEqual([])
  expect((page.match(/ERR_POLICY_[A-Z_]+/g) ?? []).filter((each) => !code.includes(each))).toEqual([])
})
