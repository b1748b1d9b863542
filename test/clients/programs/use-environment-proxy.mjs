// What README tells users of Node 20 to preload: its own fetch knows no proxy variables.
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici'

setGlobalDispatcher(new EnvHttpProxyAgent())
