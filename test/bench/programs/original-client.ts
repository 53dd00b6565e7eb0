// A client in the way of the original remote access of emoncms. Arguments: the relay's MQTT address, user name,
// password, and address of the local emoncms. Ends with its connection.
import mqtt from 'mqtt';

const [url = '', username = '', password = '', local = ''] = process.argv.slice(2);
const client = await mqtt.connectAsync(url, { username, password, clientId: `${username}_python` });
client.on('message', (_topic, payload) => {
  const request = JSON.parse(payload.toString()) as Record<'controller' | 'action' | 'clientId', string> & {
    data: Record<string, string>;
  };
  const query = new URLSearchParams(request.data).toString();
  void fetch(`${local}/${request.controller}/${request.action}.json?${query}`)
    .then((answer) => answer.json())
    .then((result) => {
      const text = JSON.stringify({ request, result });
      client.publish(`user/${username}/response/${request.clientId}`, text);
    });
});
client.on('close', () => process.exit(1));
await client.subscribeAsync(`user/${username}/request`);
