export { wireDeviceLinks } from './device-links.ts';
export { layFoundation } from './foundation.ts';
export { openMetricsPage } from './metrics-page.ts';
export { wireMqtt } from './mqtt.ts';
export { wireOperators } from './operators.ts';
export { wirePeople } from './people.ts';
export { wirePublishing } from './publishing.ts';
export { wireSshSide } from './ssh-side.ts';
