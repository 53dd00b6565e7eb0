export { logsCommand } from './logs-command.ts';
