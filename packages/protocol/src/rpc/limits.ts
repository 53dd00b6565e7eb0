/** What a message of the contract may be; each limit with its reason. */

/** Version of the contract; stands in a device's announcement. */
export const RPC_VERSION = 1;
/** Longest head (lines and fields), in bytes: the relay takes 16 KiB from visitors and adds its own. */
export const RPC_HEAD_MAX = 24 * 1024;
/** Fields of one message. */
export const RPC_FIELDS_MAX = 128;
/** Longest body of one of several messages, in bytes: with {@link RPC_WINDOW} of them nobody's memory is filled. */
export const RPC_PART_MAX = 32 * 1024;
/** Longest body of an answer that comes in one message, in bytes: ten thousand points as JSON fit. */
export const RPC_SINGLE_MAX = 960 * 1024;
/** Messages of one answer that may be on their way before the relay has taken them. */
export const RPC_WINDOW = 8;
/** Longest identifier of a request. */
export const RPC_ID_MAX = 16;
/** Longest request target (path and query), in bytes. */
export const RPC_TARGET_MAX = 16 * 1024;
/** Longest announcement, in bytes: 64 services and 64 field names fit. */
export const RPC_ANNOUNCEMENT_MAX = 8 * 1024;
