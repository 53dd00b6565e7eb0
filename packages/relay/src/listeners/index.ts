export { createOriginReader, type Origin } from './arrival.ts';
export { FrontDoor } from './front-door.ts';
export { type Listeners, openListeners, type Ports } from './listeners.ts';
