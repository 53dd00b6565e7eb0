export { TcpDuplex } from './tcp-duplex.ts';
