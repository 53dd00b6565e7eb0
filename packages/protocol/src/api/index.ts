export * from './accounts.ts';
export * from './audit.ts';
export * from './common.ts';
export * from './devices.ts';
export * from './enrolment.ts';
export * from './events.ts';
export * from './relay.ts';
export * from './ssh-keys.ts';
