export { curlCommand } from './curl-command.ts';
export { openCommand } from './open-command.ts';
