/** What the service is called that the agent's preset and original clients offer. */
export const EMONCMS_SERVICE = 'emoncms';
/** What runs at a home that has the original remote-access client, as its link says. */
export const ORIGINAL_CLIENT = 'emoncms remote access';
