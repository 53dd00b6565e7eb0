export { openMosquitto } from './open-mosquitto.ts';
