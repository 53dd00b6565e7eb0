export { Console, LINK_WEBSOCKET_PATH } from './console.ts';
export { InstallFiles, PHONE_HOME_PATH, phoneHomeSha256 } from './install-files.ts';
export { StaticFiles } from './static-files.ts';
