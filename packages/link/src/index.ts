export { LINK_ALGORITHMS } from './algorithms.ts';
export { adoptChannel, CHANNEL_BUFFER_MAX, type Channel } from './channel.ts';
export { type ControlStream, openControlStream } from './control-stream.ts';
export { type Forwarding, forwardRequest } from './forward-request.ts';
export { forwardUpgrade, isForwardableUpgrade } from './forward-upgrade.ts';
export { type Gatherable, gatherWrites } from './gather-writes.ts';
export { endToEndHeaders, type RawHeaders } from './http-headers.ts';
export { joinStreams } from './join-streams.ts';
export { nativeCipherInUse } from './native-cipher.ts';
