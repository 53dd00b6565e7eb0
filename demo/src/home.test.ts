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
    const decide = (service: string, method: string, target: string, role = 'owner') =>
      policy!.decide({ service, method, target, role });

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
    expect(decide('hue', 'POST', '/api').kind).toBe('allow');
    expect(decide('hue', 'POST', '/button').kind).toBe('deny');
    expect(decide('hue', 'PUT', '/api/0/config').kind).toBe('deny');
    const press = decide('hue', 'PUT', '/api/0/config', 'link-button');
    const bridge = home.programs.find(({ name }) => name === 'hue')?.target;
    const pressed = await fetch(`${bridge}${press.kind === 'allow' ? press.target : '/denied'}`, {
      ...{ method: 'PUT', body: '{"linkbutton":true}' },
    });
    expect(await pressed.json()).toEqual([{ success: { '/config/linkbutton': true } }]);
    expect(decide('scope', 'GET', '/live').kind).toBe('allow');
  } finally {
    await home.close();
  }
  for (const { target } of home.programs) await expect(fetch(target)).rejects.toThrow();
});
