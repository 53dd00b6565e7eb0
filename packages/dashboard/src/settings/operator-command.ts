/** The command that shows one's devices in a terminal. */
export function operatorCommand(domain: string, sshPort: number): string {
  return sshPort === 22 ? `ssh operator@${domain}` : `ssh -p ${sshPort} operator@${domain}`;
}
