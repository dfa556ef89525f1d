// A broker's stream becomes its answers, however it is cut up, over sockets that kafkajs can use.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answers, createSockets } from './sockets.ts';

const framed = (bytes: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
};

describe('sockets to the brokers', () => {
  it('give whole answers, however the stream is cut up, in memory that is not used again', () => {
    const answers = fc.array(fc.uint8Array({ maxLength: 40 }).map((array) => framed(Buffer.from(array))));
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 50 }), (sent, piece) => {
        const stream = Buffer.concat(sent);
        const found: Buffer[] = [];
        const taken = new Answers((answer) => found.push(answer));
        // The same memory for every piece, as the socket has it.
        const memory = Buffer.alloc(piece);
        for (let at = 0; at < stream.length; at += piece) {
          const length = stream.copy(memory, 0, at, at + piece);
          expect(taken.take(memory, length)).toBeNull();
        }
        expect(found).toEqual(sent);
      }),
    );
  });

  it('refuse a size that no broker gives', () => {
    const taken = new Answers(() => undefined);
    expect(taken.take(Buffer.from('HTTP/1.1 400 Bad Request'), 24)).toMatch(/answer of 1213486160 bytes/);
  });

  it('hand answers on as data, and end with the error when the stream is none of a broker', async () => {
    const server = createServer((socket) => {
      socket.write(framed(Buffer.from('hello')));
      socket.write(framed(Buffer.alloc(300_000, 7)));
      socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sizes: number[] = [];
    const socket = createSockets()({ host: '127.0.0.1', port, ssl: null, onConnect: () => undefined });
    socket.on('data', (data) => sizes.push(data.length));
    const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [Error];
    expect(error.message).toMatch(/answer of -1 bytes/);
    expect(sizes).toEqual([9, 300_004]);
    server.close();
  });
});
