// The smallest question that shows a Kafka broker serves: which brokers it knows (Metadata, version 1).
//
// Source: https://kafka.apache.org/protocol (request header v1, Metadata request and response v1). A client library would
// do, but it retries and logs in its own way, and here "not yet" is the usual answer.
import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 1;

/** Size, api key, version, correlation id, client id, and an empty list of topics: none, in version 1. */
export function metadataRequest(correlation: number): Buffer {
  const client = 'native-cluster';
  const bytes = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4);
  let at = bytes.writeInt32BE(bytes.length - 4, 0);
  at = bytes.writeInt16BE(METADATA, at);
  at = bytes.writeInt16BE(VERSION, at);
  at = bytes.writeInt32BE(correlation, at);
  at = bytes.writeInt16BE(client.length, at);
  at += bytes.write(client, at, 'latin1');
  bytes.writeInt32BE(0, at);
  return bytes;
}

/** The ids of the brokers in a response; null while bytes are missing. */
export function brokersIn(response: Buffer): number[] | null {
  if (response.length < 4 || response.length < 4 + response.readInt32BE(0)) return null;
  let at = 8;
  const brokers: number[] = [];
  const count = response.readInt32BE(at);
  at += 4;
  for (let index = 0; index < count; index++) {
    brokers.push(response.readInt32BE(at));
    // Host, port, rack (null is a length of -1).
    at += 4;
    at += 2 + response.readInt16BE(at) + 4;
    at += 2 + Math.max(0, response.readInt16BE(at));
  }
  return brokers;
}

export function brokersSeen(host: string, port: number): Promise<number[]> {
  return new Promise((done, fail) => {
    const socket = connect({ host, port });
    let answer = Buffer.alloc(0);
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () => socket.write(metadataRequest(1)));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const brokers = brokersIn(answer);
      if (brokers === null) return;
      done(brokers);
      socket.destroy();
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
  });
}
