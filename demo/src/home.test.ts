import { compilePolicy } from '@porchlight/protocol/policy';
import { expect, it } from 'vitest';
import { startDemoHome } from './home.ts';

it('starts programs that answer, with a policy that opens the energy figures and no more', async () => {
  const home = await startDemoHome();
  try {
    for (const { target } of home.programs) expect((await fetch(target)).status).toBe(200);
    const secrets = new Map(
      [...home.secrets.matchAll(/^(\w+) = (\w+)$/gm)].map((match) => [match[1], match[2]]),
    );
    const { policy, errors } = compilePolicy(home.policy, (name) => secrets.get(name));
    expect(errors).toBeUndefined();
    const decide = (service: string, method: string, target: string) =>
      policy!.decide({ service, method, target });

    const list = decide('emoncms', 'GET', '/emoncms/feed/list.json');
    const target = list.kind === 'allow' ? list.target : 'denied';
    const emoncms = home.programs.find((program) => program.name === 'emoncms');
    const answer = await fetch(`${emoncms?.target}${target}`);
    expect(await answer.json()).toContainEqual(expect.objectContaining({ name: 'solar' }));

    expect(decide('emoncms', 'GET', '/page.js').kind).toBe('allow');
    expect(decide('emoncms', 'POST', '/emoncms/input/post.json').kind).toBe('deny');
    expect(decide('emoncms', 'GET', '/emoncms/input/post.json').kind).toBe('deny');
    expect(decide('lights', 'PUT', '/switch/lights/1/state').kind).toBe('allow');
    expect(decide('lights', 'POST', '/button').kind).toBe('deny');
    expect(decide('scope', 'GET', '/live').kind).toBe('allow');
  } finally {
    await home.close();
  }
  for (const { target } of home.programs) await expect(fetch(target)).rejects.toThrow();
});
