export { Doorstep } from './doorstep.tsx';
export { NotFoundPage } from './not-found.tsx';
export { Shell } from './shell.tsx';
