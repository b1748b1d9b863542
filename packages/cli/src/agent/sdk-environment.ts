/** Shaped like no real key, so that a leak scanner stays quiet and a person sees at once what it is. */
export const PLACEHOLDER_KEY = 'nemoclaw-placeholder-not-a-credential'

/**
 * What the SDKs of the two dialects read, so that they ask `inference.local` without being told in code. Each wants
 * its base URL in its own form; none starts without a key.
 */
export const SDK_ENVIRONMENT: Readonly<Record<string, string>> = {
  OPENAI_BASE_URL: 'https://inference.local/v1',
  OPENAI_API_KEY: PLACEHOLDER_KEY,
  ANTHROPIC_BASE_URL: 'https://inference.local',
  ANTHROPIC_API_KEY: PLACEHOLDER_KEY,
}
