import { describe, expect, it } from 'vitest';
import { brokerProperties, newClusterId, propertiesFile } from './kafka.ts';
import { brokersIn, metadataRequest } from './kafka-metadata.ts';
import type { Shape } from './layout.ts';

const shape = (brokers: 1 | 3): Shape => ({ brokers, portBase: 29_000, only: null, clickHouse: null });

describe('a broker’s properties', () => {
  it('one broker alone can keep transactions and offsets', () => {
    expect(brokerProperties(shape(1), 1, '/data')).toMatchObject({
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'offsets.topic.replication.factor': '1',
      'min.insync.replicas': '1',
      'controller.quorum.voters': '1@127.0.0.1:29011',
    });
  });

  it('of three, any two can', () => {
    expect(brokerProperties(shape(3), 2, '/data')).toMatchObject({
      'node.id': '2',
      'transaction.state.log.replication.factor': '3',
      'transaction.state.log.min.isr': '2',
      'offsets.topic.replication.factor': '3',
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'controller.quorum.voters': '1@127.0.0.1:29011,2@127.0.0.1:29012,3@127.0.0.1:29013',
      listeners: 'PLAINTEXT://127.0.0.1:29002,CONTROLLER://127.0.0.1:29012',
    });
  });

  it('topics are made by those who know their partitions, and nothing weakens how records are kept', () => {
    const properties = brokerProperties(shape(1), 1, '/data');
    expect(properties['auto.create.topics.enable']).toBe('false');
    expect(properties['unclean.leader.election.enable']).toBe('false');
    expect(Object.keys(properties).filter((name) => name.startsWith('log.flush'))).toEqual([]);
  });

  it('are written so that Kafka reads the same values', () => {
    expect(propertiesFile({ 'log.dirs': 'C:\\data', 'node.id': '1' })).toBe(
      'log.dirs=C:\\\\data\nnode.id=1\n',
    );
  });

  it('a cluster’s id is never taken for an option', () => {
    for (let index = 0; index < 500; index++)
      expect(newClusterId()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  });
});

describe('asking a broker whom it knows', () => {
  const response = (...brokers: { id: number; host: string; rack: string | null }[]): Buffer => {
    const parts: Buffer[] = [];
    const int16 = (value: number): Buffer => {
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(value);
      return bytes;
    };
    const int32 = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      return bytes;
    };
    parts.push(int32(1), int32(brokers.length));
    for (const { id, host, rack } of brokers)
      parts.push(
        ...[int32(id), int16(host.length), Buffer.from(host), int32(9092)],
        ...(rack === null ? [int16(-1)] : [int16(rack.length), Buffer.from(rack)]),
      );
    // Controller, topics.
    parts.push(int32(1), int32(0));
    const body = Buffer.concat(parts);
    return Buffer.concat([int32(body.length), body]);
  };

  it('gives the ids in the answer, with racks or without', () => {
    const answer = response({ id: 1, host: '127.0.0.1', rack: null }, { id: 300, host: 'b', rack: 'rack-a' });
    expect(brokersIn(answer)).toEqual([1, 300]);
    expect(brokersIn(response())).toEqual([]);
  });

  it('waits for the rest of an answer that came in part', () => {
    const answer = response({ id: 1, host: '127.0.0.1', rack: null });
    for (let length = 0; length < answer.length; length++)
      expect(brokersIn(answer.subarray(0, length))).toBeNull();
  });

  it('says its own length', () => {
    const request = metadataRequest(7);
    expect(request.readInt32BE(0)).toBe(request.length - 4);
  });
});
