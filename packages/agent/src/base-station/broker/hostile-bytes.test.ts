import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openBrokerRig } from './broker-rig.ts';
import { nodeIn } from './lan-connection.ts';

/** A CONNECT for that user, well-formed, with whatever follows it. */
function connectPacket(username: string, password: string): Buffer {
  const field = (text: string) => Buffer.concat([Buffer.of(0, text.length), Buffer.from(text)]);
  const body = Buffer.concat([
    field('MQTT'),
    Buffer.of(4, 0xc2, 0, 60),
    field('c'),
    field(username),
    field(password),
  ]);
  return Buffer.concat([Buffer.of(0x10, body.length), body]);
}

it('any bytes, before or after signing in, end their own connection at most', async () => {
  const rig = await openBrokerRig();
  try {
    const device = await rig.device('kitchen', 'kitchen');
    const hello = connectPacket('kitchen', device.password);
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        async (signedIn, bytes) => {
          const socket = connect(rig.ports.mqttPort ?? 0, '127.0.0.1');
          const closed = new Promise((resolve) => socket.once('close', resolve));
          socket.on('error', () => socket.destroy());
          socket.resume();
          socket.end(signedIn ? Buffer.concat([hello, bytes]) : bytes);
          await closed;
        },
      ),
      { numRuns: 300, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
    );
    expect(rig.heard.every(({ topic }) => topic.startsWith('emon/kitchen/'))).toBe(true);
    const client = await device.connect();
    await client.publishAsync('emon/kitchen/x', '1', { qos: 1 });
    expect(rig.heard.at(-1)?.topic).toBe('emon/kitchen/x');
  } finally {
    await rig.close();
  }
});

it('no topic makes a node that could be more than one level', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const node = nodeIn(`emon/${text}`, 'emon');
      if (node !== undefined) expect(node).toMatch(/^[A-Za-z0-9._-]+$/);
    }),
    { interruptAfterTimeLimit: 5_000 },
  );
  expect(nodeIn('emon/kitchen/x', 'emon')).toBe('kitchen');
  for (const topic of ['emon/kitchen', 'emon/+/x', 'emon/#', 'emon//x', 'x/kitchen/y', 'emon/a:b/x'])
    expect(nodeIn(topic, 'emon'), topic).toBeUndefined();
});
