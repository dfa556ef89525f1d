package io.driftmgr.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/** The product's own schemas and the ids under which the registry has them. */
record Schemas(Topic declarations, Topic observations, Topic drifts, Topic openDrifts) {
  record Topic(int id, Schema schema) {}

  /** `ids`: `declarations=1,observations=2,drifts=3,open-drifts=4`. */
  static Schemas read(Path directory, String ids) throws IOException {
    Map<String, Integer> byName = new HashMap<>();
    for (String pair : ids.split(",")) {
      String[] parts = pair.split("=");
      byName.put(parts[0], Integer.parseInt(parts[1]));
    }
    Schemas read =
        new Schemas(
            topic(directory, "declarations", byName),
            topic(directory, "observations", byName),
            topic(directory, "drifts", byName),
            topic(directory, "open-drifts", byName));
    if (!driftOf(read.drifts).equals(driftOf(read.openDrifts)))
      throw new IllegalStateException("drifts.avsc and open-drifts.avsc do not have the same Drift");
    return read;
  }

  private static Topic topic(Path directory, String name, Map<String, Integer> ids) throws IOException {
    Integer id = ids.get(name);
    if (id == null) throw new IllegalArgumentException("--schema-ids has no id for " + name);
    return new Topic(id, new Schema.Parser().parse(directory.resolve(name + ".avsc").toFile()));
  }

  static Schema driftOf(Topic topic) {
    return bodyOf(topic, 0).getField("drift").schema();
  }

  static Schema bodyOf(Topic topic, int branch) {
    return topic.schema.getField("body").schema().getTypes().get(branch);
  }

  static int branchOf(Topic topic, String body) {
    List<Schema> bodies = topic.schema.getField("body").schema().getTypes();
    for (int i = 0; i < bodies.size(); i++) if (bodies.get(i).getName().equals(body)) return i;
    throw new IllegalStateException("the schema of id " + topic.id + " has no " + body);
  }

  /** Reads values of one topic; one for each task, because it reuses what it reads into. */
  static final class Reader {
    private final Topic topic;
    private final GenericDatumReader<GenericRecord> reader;
    private BinaryDecoder decoder;

    Reader(Topic topic) {
      this.topic = topic;
      this.reader = new GenericDatumReader<>(topic.schema);
    }

    GenericRecord read(byte[] value) {
      int id = Wire.schemaId(value);
      if (id != topic.id)
        throw new IllegalArgumentException(
            "a record was written under schema " + id + ", and " + topic.id + " is the one this reads");
      try {
        decoder = DecoderFactory.get().binaryDecoder(value, Wire.BODY, value.length - Wire.BODY, decoder);
        return reader.read(null, decoder);
      } catch (IOException error) {
        throw new UncheckedIOException("a record does not fit its schema", error);
      }
    }
  }

  static final class Writer {
    private final byte[] header;
    private final GenericDatumWriter<GenericRecord> writer;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(2048);
    private BinaryEncoder encoder;

    Writer(Topic topic) {
      this.header = ByteBuffer.allocate(Wire.BODY).put((byte) 0).putInt(topic.id).array();
      this.writer = new GenericDatumWriter<>(topic.schema);
    }

    byte[] write(GenericRecord event) {
      try {
        bytes.reset();
        bytes.write(header);
        encoder = EncoderFactory.get().directBinaryEncoder(bytes, encoder);
        writer.write(event, encoder);
        return bytes.toByteArray();
      } catch (IOException error) {
        throw new UncheckedIOException("an event does not fit its schema", error);
      }
    }
  }
}
