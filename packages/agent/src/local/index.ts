export type { BaseStationAnswer, BaseStationAsk, BaseStationView } from './base-station-messages.ts';
export { type ControlResult, callAgent } from './call-agent.ts';
export { type ControlSocket, type ControlSocketParts, openControlSocket } from './control-socket.ts';
export type {
  AgentStatus,
  ControlCommand,
  ControlHandlers,
  LinkStatus,
  ReloadResult,
} from './messages.ts';
export { PauseSwitch } from './pause-switch.ts';
