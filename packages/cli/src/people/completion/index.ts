export { completionCommand } from './completion-command.ts';
export { named, valued } from './kinds.ts';
