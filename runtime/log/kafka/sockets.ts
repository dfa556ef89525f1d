// Sockets to the brokers that make one piece of memory of an answer and no more: what arrives is read into memory that is
// used again, and copied once into a buffer of the answer's own size. As kafkajs reads, every byte is allocated twice, in
// pieces of 64 KB and then put together, and both wait for the collector.
//
// TLS decrypts into memory of its own, and comes as kafkajs takes it.
import net from 'node:net';
import Connection from 'kafkajs/src/network/connection.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';

type SocketFactory = ReturnType<typeof createSocketFactory>;

/** What one call of the system reads at most: all sockets share it, because what it holds is copied before the next call. */
const READ_BYTES = 128 << 10;
const SIZE_BYTES = 4;
/** No answer is as large: a fetch asks for a few megabytes, and a single batch that is larger comes alone. */
const LARGEST_ANSWER = 256 << 20;
const KEEP_ALIVE_MS = 60_000;

let received: Buffer | null = null;

export function createSockets(): SocketFactory {
  const usual = createSocketFactory();
  return (options) => {
    if (options.ssl) return usual(options);
    received ??= Buffer.allocUnsafeSlow(READ_BYTES);
    const answers = new Answers((answer) => socket.emit('data', answer));
    const socket = net.connect(
      {
        host: options.host,
        port: options.port,
        onread: {
          buffer: received,
          callback(length, bytes) {
            const problem = answers.take(bytes as Buffer, length);
            if (problem !== null) socket.destroy(new Error(problem));
            return problem === null;
          },
        },
      },
      options.onConnect,
    );
    return socket.setKeepAlive(true, KEEP_ALIVE_MS);
  };
}

/** Cuts a stream into answers, each with the four bytes before it that say how long it is. */
export class Answers {
  private readonly deliver: (answer: Buffer) => void;
  private readonly size = Buffer.alloc(SIZE_BYTES);
  private sizeFilled = 0;
  private answer: Buffer | null = null;
  private filled = 0;

  constructor(deliver: (answer: Buffer) => void) {
    this.deliver = deliver;
  }

  /** Copies what it takes. Says what is wrong when this is no stream of answers; it is not to be called again then. */
  take(bytes: Buffer, length: number): string | null {
    for (let at = 0; at < length; ) {
      if (this.answer === null) {
        const taken = Math.min(SIZE_BYTES - this.sizeFilled, length - at);
        bytes.copy(this.size, this.sizeFilled, at, at + taken);
        this.sizeFilled += taken;
        at += taken;
        if (this.sizeFilled < SIZE_BYTES) return null;
        const size = this.size.readInt32BE(0);
        if (size < 0 || size > LARGEST_ANSWER) return `an answer of ${size} bytes, which no broker gives`;
        this.answer = Buffer.allocUnsafeSlow(SIZE_BYTES + size);
        this.size.copy(this.answer);
        this.filled = SIZE_BYTES;
      }
      const taken = Math.min(this.answer.length - this.filled, length - at);
      bytes.copy(this.answer, this.filled, at, at + taken);
      this.filled += taken;
      at += taken;
      if (this.filled === this.answer.length) {
        const whole = this.answer;
        this.answer = null;
        this.sizeFilled = 0;
        this.deliver(whole);
      }
    }
    return null;
  }
}

// kafkajs keeps what is left after an answer, which is nothing, and puts the next one together with it: a copy of all of it.
const { processData } = Connection.prototype;
if (typeof processData !== 'function')
  throw new Error('kafkajs is another one than runtime/log/kafka/sockets.ts was written for');

Connection.prototype.processData = function take(this: Connection, data: Buffer): void {
  if (this.bytesBuffered === 0) this.chunks = [];
  processData.call(this, data);
};
