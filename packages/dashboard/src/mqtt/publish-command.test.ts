import { expect, test } from 'vitest';
import { publishCommand } from './publish-command.ts';

test('trusts the system, or the authority of the relay', () => {
  const made = { username: 'shed', password: 'plm_x' };
  expect(publishCommand('relay.example', 8883, made, 'device/shed/telemetry/t', false)).toBe(
    'mosquitto_pub -h relay.example -p 8883 --tls-use-os-certs -u shed -P plm_x -t device/shed/telemetry/t -m 21.5',
  );
  expect(publishCommand('relay.example', 8884, made, 'x', true)).toContain('-p 8884 --cafile ca.pem -u shed');
});
