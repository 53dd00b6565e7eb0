export { allowCommand } from './allow-command.ts';
export { denyCommand } from './deny-command.ts';
export { requestsCommand } from './requests-command.ts';
