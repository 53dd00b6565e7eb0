export { Bridges } from './bridges.ts';
export { ClientAuthentication } from './client-authentication.ts';
export { HueHost } from './hue-host.ts';
export { LinkButtons } from './link-buttons.ts';
export { RemoteButton } from './remote-button.ts';
export { TokenEndpoint } from './token-endpoint.ts';
