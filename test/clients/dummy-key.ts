/** What the clients hold for a key. It must end at the proxy. */
export const DUMMY_KEY = 'sk-dummy-key-of-the-client'
