// Groups of the brokers (https://kafka.apache.org/protocol#The_Messages_JoinGroup): members share partitions, and what one
// leaves, or stops to say it has, goes to the others.
//
// kafkajs's consumer is not used: its assigners split partition p of joined topics over members, and it stops all work at
// every rebalance. Here work goes on until it is known what moves. Two may be at the same partition for a moment then; the
// brokers let only the newer one write (`Log.takeOver`), so that costs work and no truth.
import { setTimeout as sleep } from 'node:timers/promises';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { Broker } from 'kafkajs/src/cluster/index.js';
import assignerProtocol from 'kafkajs/src/consumer/assignerProtocol.js';
import type { TopicName } from '../../schemas/index.ts';
import { createCluster, type KafkaAccess } from '../log/kafka/connection.ts';
import { kafkaError, typeOf } from '../log/kafka/errors.ts';
import type { Logger } from '../telemetry.ts';
import type { Assignments, JoinOptions, Membership } from './assignment.ts';
import { type Member, share } from './share.ts';
import { Work } from './work.ts';

const { MemberMetadata, MemberAssignment } = assignerProtocol;

export interface KafkaGroupsOptions {
  access: KafkaAccess;
  partitions: number;
  logger: Logger;
  /** Before names of topics and groups in the cluster. */
  prefix?: string;
  /** A member that is silent for so long is taken for dead, milliseconds; brokers allow no less than 6,000 as they come. */
  sessionMs?: number;
}

const SESSION_MS = 6_000;
const HEARTBEAT_MS = 500;
/** How long members have to come back when the group is shared out anew. */
const REBALANCE_MS = 10_000;
const AGAIN_MS = 500;
/** Of our way to share out; members of one group must agree on it. */
const PROTOCOL = 'driftmgr-1';

export function kafkaGroups(options: KafkaGroupsOptions): Assignments {
  const members = new Set<GroupMember>();
  return {
    join(asked) {
      const member = new GroupMember(options, asked);
      members.add(member);
      member.ended.then(() => members.delete(member));
      return member;
    },
    async close() {
      await Promise.all([...members].map((member) => member.leave()));
    },
  };
}

class GroupMember implements Membership {
  readonly joined: Promise<readonly number[]>;
  readonly ended: Promise<void>;
  private readonly options: KafkaGroupsOptions;
  private readonly cluster: Cluster;
  private readonly groupId: string;
  private readonly topics: string[];
  private readonly work: Work;
  private readonly first = Promise.withResolvers<readonly number[]>();
  private readonly stop = new AbortController();
  private readonly logger: Logger;
  private memberId = '';
  private generation = -1;
  private coordinator: Broker | null = null;
  private known = false;
  /** Who waits for the next time that the group says yes. */
  private waiting: (() => void)[] = [];

  constructor(options: KafkaGroupsOptions, asked: JoinOptions) {
    this.options = options;
    const prefix = options.prefix ?? '';
    this.groupId = `${prefix}driftmgr.${asked.group}`;
    this.topics = asked.topics.map((topic: TopicName) => `${prefix}${topic}`);
    this.logger = options.logger.child({ group: this.groupId });
    this.cluster = createCluster(options.access, options.logger);
    this.work = new Work(asked.work, () => this.confirmation());
    this.joined = this.first.promise;
    this.joined.catch(() => undefined);
    const leave = (): void => this.stop.abort();
    if (asked.signal.aborted) leave();
    else asked.signal.addEventListener('abort', leave, { once: true });
    this.ended = this.run().finally(() => asked.signal.removeEventListener('abort', leave));
  }

  held(): readonly number[] | null {
    return this.known ? this.work.held : null;
  }

  async leave(): Promise<void> {
    this.stop.abort();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      try {
        if (!this.cluster.isConnected()) await this.cluster.connect();
        await this.takePart();
      } catch (error) {
        this.coordinator = null;
        if (signal.aborted) break;
        this.onFailure(error);
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    // Work ends first: what it commits last is still in time, and the next begins where it ended.
    this.work.hold([]);
    await this.work.ended();
    await this.sayGoodbye();
    await this.cluster.disconnect().catch(() => undefined);
    this.first.reject(new Error(`left ${this.groupId} before it had joined`));
  }

  /** Joins, learns what is held, and says that it is alive, until the group is shared out anew. */
  private async takePart(): Promise<void> {
    await this.confirming(() => this.join());
    const { signal } = this.stop;
    while (!signal.aborted) {
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const { groupId, memberId, generation: groupGenerationId } = this;
        const coordinator = await this.findCoordinator();
        await this.confirming(() => coordinator.heartbeat({ groupId, memberId, groupGenerationId }));
      } catch (error) {
        if (typeOf(error) !== 'REBALANCE_IN_PROGRESS') throw error;
        return;
      }
    }
  }

  private async join(): Promise<void> {
    const { groupId } = this;
    const coordinator = await this.findCoordinator();
    const holds = Buffer.from(JSON.stringify(this.work.held));
    const joined = await coordinator.joinGroup({
      groupId,
      memberId: this.memberId,
      sessionTimeout: this.options.sessionMs ?? SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      protocolType: 'consumer',
      groupProtocols: [
        {
          name: PROTOCOL,
          metadata: MemberMetadata.encode({ version: 1, topics: this.topics, userData: holds }),
        },
      ],
    });
    this.memberId = joined.memberId;
    const leads = joined.leaderId === joined.memberId;
    const { memberAssignment } = await coordinator.syncGroup({
      groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: leads ? this.shareOut(joined.members) : [],
    });
    this.generation = joined.generationId;
    const mine = memberAssignment.length === 0 ? null : MemberAssignment.decode(memberAssignment);
    const partitions = mine?.assignment[this.topics[0]!] ?? [];
    this.logger.info({ generation: this.generation, partitions }, 'the group is shared out');
    this.work.hold(partitions);
    this.known = true;
    this.first.resolve(this.work.held);
  }

  private shareOut(
    members: readonly { memberId: string; memberMetadata: Buffer }[],
  ): { memberId: string; memberAssignment: Buffer }[] {
    const shares = share(members.map(memberOf), this.options.partitions);
    return [...shares].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 1,
        assignment: Object.fromEntries(this.topics.map((topic) => [topic, partitions])),
        userData: Buffer.alloc(0),
      }),
    }));
  }

  private onFailure(error: unknown): void {
    switch (typeOf(error)) {
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
      case 'FENCED_INSTANCE_ID':
        // The group has gone on without this process: nothing is its own any more.
        this.logger.warn({ err: error }, 'taken for dead: all partitions are given up');
        this.memberId = '';
        this.known = false;
        this.work.hold([]);
        return;
      case 'REBALANCE_IN_PROGRESS':
        return;
      default: {
        const known = kafkaError(`taking part in ${this.groupId}`, error);
        this.logger.warn({ err: known }, 'the group cannot be reached');
        if (!known.retriable) this.first.reject(known);
      }
    }
  }

  private async findCoordinator(): Promise<Broker> {
    this.coordinator ??= await this.cluster.findGroupCoordinator({ groupId: this.groupId });
    return this.coordinator;
  }

  private confirmation(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Asks the group; a yes is one for those alone who waited for it before it was asked. */
  private async confirming(ask: () => Promise<unknown>): Promise<void> {
    const asking = this.waiting.splice(0);
    try {
      await ask();
      for (const resolve of asking) resolve();
    } catch (error) {
      this.waiting.push(...asking);
      throw error;
    }
  }

  private async sayGoodbye(): Promise<void> {
    if (this.memberId === '') return;
    try {
      const { groupId, memberId } = this;
      await (await this.findCoordinator()).leaveGroup({ groupId, memberId });
    } catch {
      // The others notice when it has been silent for long enough.
    }
  }
}

/** What a member says of itself; garbage counts as holding nothing. */
function memberOf({ memberId, memberMetadata }: { memberId: string; memberMetadata: Buffer }): Member {
  try {
    const said: unknown = JSON.parse(MemberMetadata.decode(memberMetadata)!.userData.toString());
    const holds = Array.isArray(said) ? said.filter((each) => Number.isInteger(each)) : [];
    return { id: memberId, holds };
  } catch {
    return { id: memberId, holds: [] };
  }
}
