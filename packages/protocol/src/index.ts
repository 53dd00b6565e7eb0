export * from './control.ts';
export * from './duration.ts';
export * from './errors.ts';
export * from './fingerprint.ts';
export * from './headers.ts';
export * from './names.ts';
export * from './path-prefix.ts';
export * from './request-path.ts';
