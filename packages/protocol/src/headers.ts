/**
 * Headers that Porchlight sets on a request to a device. Whatever a visitor sent under these names, or
 * under their underscore forms, is removed first; so the agent and the local server may believe them.
 */

/** Account name of the signed-in person; absent for `public` and `basic` visitors. */
export const PERSON_HEADER = 'x-porchlight-person';
/** What that person is to the device: `owner`. */
export const ROLE_HEADER = 'x-porchlight-role';
/** Identifies the request in the relay's and the agent's logs. */
export const REQUEST_ID_HEADER = 'x-porchlight-request-id';
/** The relay asks the agent whether the service can be reached; the agent answers by itself, 204 or 502. */
export const PROBE_HEADER = 'x-porchlight-probe';
/** Set by the agent on answers that it made itself: an error code of the error table. */
export const AGENT_ERROR_HEADER = 'x-porchlight-error';
/** The same to visitors: an answer that no service gave, but Porchlight. A service cannot set it. */
export const FAILURE_HEADER = 'x-porchlight-error';
/** Paths below this one on every published host belong to the relay and are never passed on. */
export const RESERVED_PATH = '/.porchlight/';
