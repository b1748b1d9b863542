/** Whose error shape and response fields an endpoint uses. */
export type Dialect = 'openai_responses' | 'openai' | 'anthropic'
