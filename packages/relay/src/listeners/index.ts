export { createOriginReader, type Origin, plainAddress } from './arrival.ts';
export { FrontDoor } from './front-door.ts';
export { type Listeners, openListeners, type Ports } from './listeners.ts';
