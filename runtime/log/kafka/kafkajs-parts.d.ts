// The parts of kafkajs 2.2.4 below its public interface that the adapter uses, as its source has them. Its consumer reads
// only within a group, from where the group stands, and hands messages over one by one as objects; a log is read from
// positions, whole batches at a time. The version is pinned, because these parts promise nothing.

declare module 'kafkajs/src/cluster/index.js' {
  import type { ConnectionOptions } from 'node:tls';
  import type { Logger, SASLOptions } from 'kafkajs';

  export interface ProtocolRequest<T> {
    request: {
      apiKey: number;
      apiVersion: number;
      apiName: string;
      expectResponse?: () => boolean;
      encode(): Promise<unknown>;
    };
    response: { decode(raw: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<T> };
    requestTimeout?: number | null;
    logResponseError?: boolean;
  }

  interface TopicPartitions<T> {
    topic: string;
    partitions: T[];
  }

  interface TransactionalIds {
    transactionalId: string;
    producerId: string;
    producerEpoch: number;
  }

  export interface Broker {
    nodeId: number;
    connectionPool: { send<T>(request: ProtocolRequest<T>): Promise<T> };
    listOffsets(request: {
      isolationLevel: number;
      topics: TopicPartitions<{ partition: number; timestamp: number }>[];
    }): Promise<{
      responses: TopicPartitions<{ partition: number; errorCode: number; offset: string }>[];
    }>;
    offsetFetch(request: { groupId: string; topics: TopicPartitions<{ partition: number }>[] }): Promise<{
      responses: TopicPartitions<{ partition: number; offset: string }>[];
    }>;
    initProducerId(request: {
      transactionalId: string;
      transactionTimeout: number;
    }): Promise<{ producerId: string; producerEpoch: number }>;
    addPartitionsToTxn(request: TransactionalIds & { topics: TopicPartitions<number>[] }): Promise<unknown>;
    addOffsetsToTxn(request: TransactionalIds & { groupId: string }): Promise<unknown>;
    txnOffsetCommit(
      request: TransactionalIds & {
        groupId: string;
        topics: TopicPartitions<{ partition: number; offset: string }>[];
      },
    ): Promise<unknown>;
    endTxn(request: TransactionalIds & { transactionResult: boolean }): Promise<unknown>;
    joinGroup(request: {
      groupId: string;
      sessionTimeout: number;
      rebalanceTimeout: number;
      memberId: string;
      protocolType: string;
      groupProtocols: { name: string; metadata: Buffer }[];
    }): Promise<{
      generationId: number;
      leaderId: string;
      memberId: string;
      members: { memberId: string; memberMetadata: Buffer }[];
    }>;
    syncGroup(request: {
      groupId: string;
      generationId: number;
      memberId: string;
      groupAssignment: { memberId: string; memberAssignment: Buffer }[];
    }): Promise<{ memberAssignment: Buffer }>;
    heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
    leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  }

  export default class Cluster {
    constructor(options: {
      logger: Logger;
      socketFactory: unknown;
      brokers: string[];
      ssl: ConnectionOptions | boolean | undefined;
      sasl: SASLOptions | undefined;
      clientId: string;
      connectionTimeout: number;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      metadataMaxAge: number;
      allowAutoTopicCreation: boolean;
      isolationLevel: number;
      retry: { retries: number; initialRetryTime: number; maxRetryTime: number };
    });
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    addMultipleTargetTopics(topics: string[]): Promise<void>;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    findBroker(node: { nodeId: number | string }): Promise<Broker>;
    findGroupCoordinator(of: { groupId: string; coordinatorType?: 0 | 1 }): Promise<Broker>;
    findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
    removeBroker(at: { host: string; port: number }): void;
  }
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { Socket } from 'node:net';
  import type { ConnectionOptions } from 'node:tls';

  export default function createSocketFactory(): (options: {
    host: string;
    port: number;
    ssl: ConnectionOptions | null;
    onConnect(): void;
  }) => Socket;
}

declare module 'kafkajs/src/network/connection.js' {
  export default class Connection {
    chunks: Buffer[];
    bytesBuffered: number;
    processData(data: Buffer): void;
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    constructor(options: {
      maxInFlightRequests: number | null;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      clientId: string;
      broker: string;
      logger: { debug(): void; warn(): void };
    });
    readonly pending: readonly unknown[];
    push(request: {
      entry: {
        correlationId: number;
        apiKey: number;
        apiName: string;
        apiVersion: number;
        resolve(): void;
        reject(error: unknown): void;
      };
      expectResponse: boolean;
      sendRequest(): void;
    }): void;
    fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void;
    maybeThrottle(milliseconds: number): void;
    scheduleCheckPendingRequests(): void;
    destroy(): void;
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { LogEntry, Logger } from 'kafkajs';
  export const LEVELS: { NOTHING: 0; ERROR: 1; WARN: 2; INFO: 4; DEBUG: 5 };
  export function createLogger(options: {
    level: number;
    logCreator: (level: number) => (entry: LogEntry) => void;
  }): Logger;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialSize?: number);
    writeBufferInternal(bytes: Buffer): void;
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  export function createErrorFromCode(
    code: number,
  ): Error & { type: string; code: number; retriable: boolean };
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  export default function crc32C(bytes: Buffer): number;
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  interface Form<T> {
    encode(value: T): Buffer;
    decode(bytes: Buffer): T | null;
  }
  const protocol: {
    MemberMetadata: Form<{ version: number; topics: string[]; userData: Buffer }>;
    MemberAssignment: Form<{ version: number; assignment: Record<string, number[]>; userData: Buffer }>;
  };
  export default protocol;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(bytes: Buffer);
  }
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js' {
  import type Decoder from 'kafkajs/src/protocol/decoder.js';
  export default function decode(
    decoder: Decoder,
  ): Promise<{ records: { headers: Record<string, Buffer>; timestamp: string }[] }>;
}
