package io.driftmgr.peers;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.BytesDeserializer;
import org.apache.kafka.common.serialization.BytesSerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Two topics joined by object key. Partition p of both is one task, as they share stores.
 *
 * <p>What the input topics hold is not written to a changelog a second time: `declared` and `observed` are restored from
 * the compacted topics themselves (addReadOnlyStateStore), as the detector's state is. Only what is decided or derived
 * (`seen`, `instances`, `drifts`) has a changelog. Small rows that are asked for again and again are cached on the heap.
 */
final class JoinTopology {
  static final String DECLARED = "declared";
  static final String OBSERVED = "observed";
  static final String SEEN = "seen";
  static final String INSTANCES = "instances";
  static final String DRIFTS = "drifts";

  private JoinTopology() {}

  static Topology of(String inputPrefix, String outputPrefix, Schemas schemas, Said said) {
    Topology topology = new Topology();
    table(topology, DECLARED, inputPrefix + "driftmgr.declarations", () -> new Declarations(schemas, said));
    table(topology, OBSERVED, inputPrefix + "driftmgr.observations", () -> new Observations(schemas, said));
    topology.connectProcessorAndStateStores("on-" + OBSERVED, DECLARED);
    String[] both = {"on-" + DECLARED, "on-" + OBSERVED};
    topology.addStateStore(store(SEEN).withCachingEnabled(), both);
    topology.addStateStore(store(INSTANCES).withCachingEnabled(), both);
    topology.addStateStore(store(DRIFTS).withCachingDisabled(), "on-" + OBSERVED);
    sink(topology, Observations.DRIFTS_SINK, outputPrefix + "driftmgr.drifts");
    sink(topology, Observations.OPEN_DRIFTS_SINK, outputPrefix + "driftmgr.open-drifts");
    return topology;
  }

  /** A store restored from its input topic, and the processor that keeps it; that it forwards too, the types do not say. */
  @SuppressWarnings("unchecked")
  private static void table(
      Topology topology,
      String store,
      String topic,
      ProcessorSupplier<Bytes, byte[], Bytes, Output> processor) {
    ProcessorSupplier<?, ?, ?, ?> supplier = processor;
    topology.addReadOnlyStateStore(
        store(store).withLoggingDisabled().withCachingDisabled(),
        "from-" + store,
        new BytesDeserializer(),
        new ByteArrayDeserializer(),
        topic,
        "on-" + store,
        (ProcessorSupplier<Bytes, byte[], Void, Void>) supplier);
  }

  private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store(String name) {
    return Stores.keyValueStoreBuilder(
        Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray());
  }

  private static void sink(Topology topology, String name, String topic) {
    topology.addSink(
        name, topic, new BytesSerializer(), Output.SERIALIZER, Output.PARTITIONER, "on-" + OBSERVED);
  }

  /** What both processors do first: whether a record says anything new. */
  abstract static class OfTable implements Processor<Bytes, byte[], Bytes, Output> {
    protected final Said said;
    protected ProcessorContext<Bytes, Output> context;
    protected KeyValueStore<Bytes, byte[]> seen;

    OfTable(Said said) {
      this.said = said;
    }

    /** False for what says the same again, or is older than what is known. What is new is noted. */
    protected boolean isNews(Bytes recordKey, byte[] value) {
      Bytes key = Hashed.key(recordKey.get());
      byte[] note = seen.get(key);
      if (note != null && Wire.isFingerprinted(value)) {
        if (Wire.saysTheSame(value, note)) {
          said.unchanged.increment();
          return false;
        }
        if (Wire.timeOf(value) < Wire.notedTime(note)) return false;
      }
      forgetHeaders();
      if (Wire.isFingerprinted(value)) seen.put(key, Wire.note(value));
      return true;
    }

    /**
     * A row in the cache keeps the headers of the record it came with, and headers that were never asked for keep the whole
     * record (1.3 KB): with 100,000 keys that is more than a heap of 512 MB. Nothing here reads them.
     */
    private void forgetHeaders() {
      Headers headers = ((InternalProcessorContext<?, ?>) context).headers();
      for (Header header : headers.toArray()) headers.remove(header.key());
    }
  }
}
