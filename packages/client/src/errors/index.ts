export { errorOfResponse, problemError, unreachable } from './errors.ts';
