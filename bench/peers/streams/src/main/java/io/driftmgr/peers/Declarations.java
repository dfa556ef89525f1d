package io.driftmgr.peers;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the newest declaration of each address, and which one declares an instance. Broadcasts concern no object. */
final class Declarations extends JoinTopology.OfTable {
  private final Resource.Reader reader;
  private KeyValueStore<Bytes, byte[]> declared;
  private KeyValueStore<Bytes, byte[]> instances;

  Declarations(Schemas schemas, Said said) {
    super(said);
    reader = new Resource.Reader(schemas.declarations());
  }

  @Override
  public void init(ProcessorContext<Bytes, Output> context) {
    this.context = context;
    declared = context.getStateStore(JoinTopology.DECLARED);
    seen = context.getStateStore(JoinTopology.SEEN);
    instances = context.getStateStore(JoinTopology.INSTANCES);
  }

  @Override
  public void process(Record<Bytes, byte[]> record) {
    said.record();
    Bytes key = record.key();
    byte[] value = record.value();
    if (value == null) {
      declared.delete(key);
      seen.delete(Hashed.key(key.get()));
      return;
    }
    if (!Wire.hasHead(value)) throw new IllegalArgumentException("a declaration is not in the wire format");
    if (!isNews(key, value)) return;
    Resource declaration = reader.read(value);
    if (declaration == null) return;
    declared.put(key, value);
    instances.put(
        Hashed.instance(declaration.objectKey(), declaration.type(), declaration.resourceId()), key.get());
  }
}
