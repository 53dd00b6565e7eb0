export { loginCommand } from './login-command.ts';
export { logoutCommand } from './logout-command.ts';
export { fetchIdentity } from './relay-identity.ts';
export { whoamiCommand } from './whoami-command.ts';
