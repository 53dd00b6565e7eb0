export { type BareRoot, openBareRoot, requireBareRoot } from './bare-root.ts';
export { requireBrowser, startBrowser } from './browser.ts';
export { type CurlAnswer, curl } from './curl.ts';
export { type RequiredProgram, type RequireOptions, requireProgram } from './debian.ts';
export { FakeClock } from './fake-clock.ts';
export { type Networks, openNetworks, requireNetworks } from './networks.ts';
export { type Origin, startOrigin } from './origin.ts';
export { type RunningPostgres, requirePostgres, startPostgres } from './postgres.ts';
export {
  type DeviceOptions,
  type DeviceView,
  type ProcessDevice,
  type ProcessPerson,
  type ProcessRelay,
  type ProcessRelayOptions,
  startProcessRelay,
  until,
} from './process-relay.ts';
export {
  type Ended,
  type Finished,
  type JsonLine,
  type RunningProgram,
  runPorchlight,
  runProgram,
  type StartOptions,
  startPorchlight,
  startProgram,
  startScript,
} from './processes.ts';
export { connectAgent, type RawAgent } from './raw-agent.ts';
export { type RawAnswer, rawExchange } from './raw-http.ts';
export { type ScriptedOrigin, startScriptedOrigin } from './scripted-origin.ts';
export {
  type Answer,
  type Ask,
  request,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from './test-relay.ts';
export { openWebSocket, type TestSocket, takeWebSockets } from './web-socket.ts';
