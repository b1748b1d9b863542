export { mockProfile } from './profile.js'
export type { MultipartPart } from './record/read-multipart.js'
export type { ReceivedRequest } from './record/received-request.js'
export { type MockProvider, type MockProviderOptions, startMockProvider } from './start-mock-provider.js'
