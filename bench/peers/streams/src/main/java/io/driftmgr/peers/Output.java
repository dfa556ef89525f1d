package io.driftmgr.peers;

import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;

/** An encoded event and the partition it goes to: that of what it was decided on, in every topic. */
record Output(int partition, byte[] value) {
  static final Serializer<Output> SERIALIZER = (topic, output) -> output == null ? null : output.value;

  static final StreamPartitioner<Object, Output> PARTITIONER =
      (topic, key, output, partitions) -> Optional.of(Set.of(output.partition));
}
