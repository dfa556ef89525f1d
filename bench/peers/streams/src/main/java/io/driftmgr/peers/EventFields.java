package io.driftmgr.peers;

import org.apache.avro.Schema;

/** Where the fields that all events have stand in one topic's schema: looking them up by name costs a hash each. */
final class EventFields {
  final int time;
  final int id;
  final int recordedAt;
  final int source;
  final int org;
  final int objectKey;
  final int correlationId;
  final int clamped;
  final int body;

  EventFields(Schema schema) {
    time = at(schema, "time");
    id = at(schema, "id");
    recordedAt = at(schema, "recordedAt");
    source = at(schema, "source");
    org = at(schema, "org");
    objectKey = at(schema, "objectKey");
    correlationId = at(schema, "correlationId");
    clamped = at(schema, "clamped");
    body = at(schema, "body");
  }

  static int at(Schema schema, String field) {
    return schema.getField(field).pos();
  }
}
