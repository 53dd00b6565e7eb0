import type { MadeMqtt } from '@porchlight/relay';
import { print } from '../../terminal/index.ts';

/** The password alone goes to standard output, for `PASSWORD=$(…)`. */
export function printMade({ username, password }: MadeMqtt): void {
  print(password);
  process.stderr.write(`the password of the MQTT user ${username}; it is shown here and never again\n`);
}
