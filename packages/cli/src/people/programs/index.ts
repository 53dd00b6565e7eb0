export { appsCommand } from './apps-command.ts';
export { shareCommand } from './share-command.ts';
export { sharesCommand, unshareCommand } from './shares-command.ts';
export { tokensCommand } from './tokens-command.ts';
