export { Console, LINK_WEBSOCKET_PATH } from './console.ts';
export { InstallFiles } from './install-files.ts';
export { StaticFiles } from './static-files.ts';
