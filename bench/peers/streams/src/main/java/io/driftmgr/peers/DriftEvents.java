package io.driftmgr.peers;

import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/** From what stands and what was compared to the two events of a transition: the history and the current drift. */
final class DriftEvents {
  private static final String NAME = "drift";

  /** `drift` is null where only the time of the observation moved on. */
  record Transition(String type, String id, byte[] drift, String currentId, byte[] current) {}

  /** One output topic: how its events are laid out and written. */
  private static final class Out {
    final Schemas.Topic topic;
    final Schemas.Writer writer;
    final EventFields fields;

    Out(Schemas.Topic topic) {
      this.topic = topic;
      writer = new Schemas.Writer(topic);
      fields = new EventFields(topic.schema());
    }

    /** The drift is the first field of every body; the second, in the history, is what caused it. */
    byte[] write(int branch, String id, Resource event, GenericRecord drift, Object causedBy) {
      GenericRecord body = new GenericData.Record(Schemas.bodyOf(topic, branch));
      body.put(0, drift);
      if (causedBy != null) body.put(1, causedBy);
      GenericRecord value = new GenericData.Record(topic.schema());
      value.put(fields.time, event.time());
      value.put(fields.id, id);
      value.put(fields.recordedAt, System.currentTimeMillis());
      value.put(fields.source, NAME);
      value.put(fields.org, event.org());
      value.put(fields.objectKey, event.objectKey());
      value.put(fields.correlationId, event.correlationId());
      value.put(fields.clamped, false);
      value.put(fields.body, body);
      return writer.write(value);
    }
  }

  private enum Kind {
    OPENED("drift.opened", "DriftOpened"),
    CHANGED("drift.changed", "DriftChanged"),
    RESOLVED("drift.resolved", "DriftResolved"),
    REOPENED("drift.reopened", "DriftReopened");

    final String type;
    final String record;

    Kind(String type, String record) {
      this.type = type;
      this.record = record;
    }
  }

  private final Ids ids = new Ids();
  private final Out history;
  private final Out current;
  private final Schemas.Reader readCurrent;
  private final DriftFields fields;
  private final Schema difference;
  private final Schema op;
  private final int[] branches = new int[Kind.values().length];

  DriftEvents(Schemas schemas) {
    history = new Out(schemas.drifts());
    current = new Out(schemas.openDrifts());
    readCurrent = new Schemas.Reader(schemas.openDrifts());
    fields = new DriftFields(Schemas.driftOf(schemas.drifts()), Schemas.bodyOf(schemas.declarations(), 0));
    difference = fields.differences.getElementType();
    op = difference.getField("op").schema();
    for (Kind kind : Kind.values()) branches[kind.ordinal()] = Schemas.branchOf(schemas.drifts(), kind.record);
  }

  String idOf(Resource event, Resource declaration) {
    return ids.of(
        "drf", event.org(), declaration.of(fields.workspace), event.objectKey(),
        declaration.type(), declaration.resourceId(), DriftFields.KIND);
  }

  private GenericRecord read(byte[] value) {
    GenericRecord event = readCurrent.read(value);
    return (GenericRecord) ((GenericRecord) event.get(current.fields.body)).get(0);
  }

  /** Null where nothing stands and nothing differs. `standing`: the current drift as it was stored, or null. */
  Transition transition(
      String id, Resource event, Resource declaration, List<Differences.Difference> found, byte[] standing) {
    GenericRecord before = standing == null ? null : read(standing);
    boolean stands = before != null && !before.get(fields.status).toString().equals("resolved");
    if (!stands && found.isEmpty()) return null;
    GenericRecord now =
        before == null ? opened(id, event, declaration) : new GenericData.Record((GenericData.Record) before, false);
    now.put(fields.declaredAsOf, declaration.time());
    now.put(fields.observedAsOf, event.time());
    if (found.isEmpty()) {
      now.put(fields.status, fields.resolved);
      now.put(fields.resolvedAt, event.time());
      now.put(fields.resolution, fields.reverted);
      now.put(fields.resolvedBy, event.id());
      return of(Kind.RESOLVED, event, now, before);
    }
    List<GenericRecord> told = new ArrayList<>(found.size());
    for (Differences.Difference one : found) told.add(recordOf(one));
    boolean same =
        stands && GenericData.get().compare(told, now.get(fields.difference), fields.differences) == 0;
    if (same) return current(null, null, null, event, now);
    now.put(fields.difference, told);
    if (before == null) return of(Kind.OPENED, event, now, null);
    if (stands) return of(Kind.CHANGED, event, now, before);
    now.put(fields.status, fields.open);
    now.put(fields.openedAt, event.time());
    now.put(fields.resolvedAt, null);
    now.put(fields.resolution, null);
    now.put(fields.resolvedBy, null);
    return of(Kind.REOPENED, event, now, before);
  }

  private Transition of(Kind kind, Resource event, GenericRecord now, GenericRecord before) {
    now.put(fields.changedAt, event.time());
    if (before != null) now.put(fields.revision, (Integer) before.get(fields.revision) + 1);
    String id = ids.of("dre", now.get(fields.id), now.get(fields.revision), now.get(fields.openedAt));
    byte[] value = history.write(branches[kind.ordinal()], id, event, now, event.id());
    return current(kind.type, id, value, event, now);
  }

  private Transition current(String type, String eventId, byte[] value, Resource event, GenericRecord now) {
    String id = ids.of("evt", NAME, event.id(), 1);
    return new Transition(type, eventId, value, id, current.write(0, id, event, now, null));
  }

  private GenericRecord opened(String id, Resource event, Resource declaration) {
    GenericRecord now = fields.fresh();
    now.put(fields.id, id);
    now.put(fields.org, event.org());
    now.put(fields.objectKey, event.objectKey());
    for (int i = 0; i < fields.taken.length; i++)
      now.put(fields.taken[i], declaration.of(fields.takenFrom[i]));
    now.put(fields.stateSerial, declaration.of(fields.serial));
    now.put(fields.openedAt, event.time());
    return now;
  }

  private GenericRecord recordOf(Differences.Difference one) {
    GenericRecord value = new GenericData.Record(difference);
    value.put("path", one.path());
    value.put("op", new GenericData.EnumSymbol(op, one.op()));
    value.put("declared", one.declared());
    value.put("observed", one.observed());
    return value;
  }
}
