/** A command that publishes one message over TLS; `ownAuthority`: the relay's certificate is not one that systems know. */
export function publishCommand(
  domain: string,
  port: number,
  { username, password }: { readonly username: string; readonly password: string },
  topic: string,
  ownAuthority: boolean,
): string {
  // Without --tls-use-os-certs mosquitto_pub speaks plain MQTT on any port but 8883.
  const trust = ownAuthority ? '--cafile ca.pem' : '--tls-use-os-certs';
  return `mosquitto_pub -h ${domain} -p ${port} ${trust} -u ${username} -P ${password} -t ${topic} -m 21.5`;
}
