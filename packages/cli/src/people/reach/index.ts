export { curlCommand } from './curl-command.ts';
export { forwardCommand } from './forward-command.ts';
export { openCommand } from './open-command.ts';
export { sshCommand } from './ssh-command.ts';
export { tcpCommand } from './tcp-command.ts';
