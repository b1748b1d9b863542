/**
 * Joins the operator's base URL with an endpoint: `/v1` appears once, whether the base ends in it or not.
 *
 * @param baseUrl - Absolute URL without query or fragment, e.g. `https://openrouter.ai/api/v1`.
 * @param endpointPath - A path of ours, e.g. `/v1/chat/completions`: matched before, so it cannot leave the base.
 */
export function upstreamUrl(baseUrl: string, endpointPath: string): URL {
  const url = new URL(baseUrl)
  const base = url.pathname.replace(/\/+$/, '')
  const path = base.endsWith('/v1') ? endpointPath.slice('/v1'.length) : endpointPath
  url.pathname = `${base}${path}`
  return url
}
