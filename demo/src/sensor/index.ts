export { type Handover, type JoinWish, join } from './join.ts';
export { type SensorWish, startSensor } from './sensor.ts';
