package io.driftmgr.peers;

import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;

/** What of a declaration or observation the join looks at; null where the event has another body. */
record Resource(
    Object time,
    Object id,
    Object org,
    Object objectKey,
    Object correlationId,
    CharSequence attributes,
    Object type,
    Object resourceId,
    IndexedRecord body) {

  /** Reads the events of one topic that have one kind of body. */
  static final class Reader {
    private final Schemas.Reader events;
    private final EventFields fields;
    private final Schema wanted;
    private final int attributes;
    private final int type;
    private final int resourceId;

    /** The body's branch is the first one in both topics. */
    Reader(Schemas.Topic topic) {
      events = new Schemas.Reader(topic);
      fields = new EventFields(topic.schema());
      wanted = Schemas.bodyOf(topic, 0);
      attributes = EventFields.at(wanted, "attributes");
      type = EventFields.at(wanted, "type");
      resourceId = EventFields.at(wanted, "resourceId");
    }

    Resource read(byte[] value) {
      IndexedRecord event = events.read(value);
      IndexedRecord body = (IndexedRecord) event.get(fields.body);
      if (body.getSchema() != wanted) return null;
      return new Resource(
          event.get(fields.time),
          event.get(fields.id),
          event.get(fields.org),
          event.get(fields.objectKey),
          event.get(fields.correlationId),
          (CharSequence) body.get(attributes),
          body.get(type),
          body.get(resourceId),
          body);
    }
  }

  Object of(int field) {
    return body.get(field);
  }
}
