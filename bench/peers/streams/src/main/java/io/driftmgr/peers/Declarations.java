package io.driftmgr.peers;

import java.nio.charset.StandardCharsets;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the newest declaration of each address, and which one declares an instance. Broadcasts concern no object. */
final class Declarations extends JoinTopology.OfTable {
  private final Schemas.Reader reader;
  private KeyValueStore<Bytes, byte[]> declared;
  private KeyValueStore<Bytes, byte[]> instances;

  Declarations(Schemas schemas, Said said) {
    super(said);
    reader = new Schemas.Reader(schemas.declarations());
  }

  @Override
  public void init(ProcessorContext<Bytes, Output> context) {
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
      seen.delete(key);
      return;
    }
    if (!Wire.hasHead(value)) throw new IllegalArgumentException("a declaration is not in the wire format");
    if (!isNews(key, value)) return;
    GenericRecord event = reader.read(value);
    GenericRecord body = (GenericRecord) event.get("body");
    if (!body.getSchema().getName().equals("ResourceDeclared")) return;
    declared.put(key, value);
    instances.put(instance(event.get("objectKey"), body.get("type"), body.get("resourceId")), key.get());
  }

  static Bytes instance(Object objectKey, Object type, Object id) {
    return Bytes.wrap((objectKey + "\u001f" + type + "\u001f" + id).getBytes(StandardCharsets.UTF_8));
  }
}
