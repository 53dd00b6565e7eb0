import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { type MetricsServer, startMetricsServer } from './metrics-server.ts';

let server: MetricsServer | undefined;

afterEach(async () => {
  await server?.close();
});

describe('metrics', () => {
  it('shows each meter with its labels', async () => {
    const metrics = createMetrics({ process: false });
    metrics.links.ssh.add(2);
    metrics.links.ssh.add(-1);
    metrics.bytes.from_device.add(1e10);
    metrics.requests.device.count(200, 0.004);
    metrics.requests.device.count(204, 0.3);
    metrics.requests.aborted.count(0, 900);
    metrics.joinRequests.allowed.add(1);
    metrics.observe('porchlight_accounts', 'Accounts.', () => 7);
    const page = await metrics.page();
    for (const line of [
      'porchlight_links{transport="ssh"} 1',
      'porchlight_links{transport="websocket"} 0',
      'porchlight_bytes_total{direction="from_device"} 10000000000',
      'porchlight_http_requests_total{outcome="device",status="2xx"} 2',
      'porchlight_http_requests_total{outcome="aborted",status="none"} 1',
      '# TYPE porchlight_http_request_duration_seconds histogram',
      'porchlight_http_request_duration_seconds_bucket{le="0.002"} 0',
      'porchlight_http_request_duration_seconds_bucket{le="0.005"} 1',
      'porchlight_http_request_duration_seconds_bucket{le="600"} 2',
      'porchlight_http_request_duration_seconds_bucket{le="+Inf"} 3',
      'porchlight_http_request_duration_seconds_count 3',
      'porchlight_join_requests_total{outcome="allowed"} 1',
      'porchlight_accounts 7',
    ]) {
      expect(page.split('\n')).toContain(line);
    }
    expect(await metrics.page()).toBe(page);
  });

  it('shows the process too, when asked', async () => {
    const page = await createMetrics({ process: true }).page();
    for (const name of [
      'process_resident_memory_bytes',
      'process_open_fds',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      expect(page).toContain(`\n${name} `);
    }
  });

  it('is served at /metrics of a port of its own, which has nothing else', async () => {
    const metrics = createMetrics({ process: false });
    server = await startMetricsServer({ metrics, logger: silentLogger, port: 0, host: '127.0.0.1' });
    const at = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server?.port}${path}`, { method });
    const answer = await at('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await answer.text()).toContain('porchlight_links{transport="ssh"} 0');
    expect((await at('/')).status).toBe(404);
    expect((await at('/metrics', 'POST')).status).toBe(404);
  });

  it('fails to start with the error of listen', async () => {
    const parts = { metrics: createMetrics({ process: false }), logger: silentLogger, host: '127.0.0.1' };
    server = await startMetricsServer({ ...parts, port: 0 });
    await expect(startMetricsServer({ ...parts, port: server.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await server.close();
    await server.close();
  });
});
