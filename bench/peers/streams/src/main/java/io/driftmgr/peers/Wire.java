package io.driftmgr.peers;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The wire format by hand: magic 0, four bytes of schema id, the Avro body. The body of a declaration or observation begins
 * with a fingerprint of 16 bytes and the event time, which can be read without decoding the rest.
 */
final class Wire {
  static final int BODY = 5;
  private static final int FINGERPRINT_END = BODY + 16;
  private static final byte[] NO_FINGERPRINT = new byte[16];

  private Wire() {}

  static int schemaId(byte[] value) {
    if (value.length < BODY || value[0] != 0)
      throw new IllegalArgumentException("a record is not in the wire format");
    return ByteBuffer.wrap(value, 1, 4).getInt();
  }

  static boolean hasHead(byte[] value) {
    return value.length > FINGERPRINT_END && value[0] == 0;
  }

  /** Event time: an Avro long, zigzag, seven bits a byte. */
  static long timeOf(byte[] value) {
    long raw = 0;
    int shift = 0;
    for (int at = FINGERPRINT_END; at < value.length; at++) {
      raw |= (long) (value[at] & 0x7f) << shift;
      if (value[at] >= 0) break;
      shift += 7;
    }
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** Broadcasts carry none. */
  static boolean isFingerprinted(byte[] value) {
    return !Arrays.equals(value, BODY, FINGERPRINT_END, NO_FINGERPRINT, 0, 16);
  }

  /** Whether a value says what was noted: fingerprint (16 bytes) and time (8 bytes). */
  static boolean saysTheSame(byte[] value, byte[] note) {
    return Arrays.equals(value, BODY, FINGERPRINT_END, note, 0, 16);
  }

  static long notedTime(byte[] note) {
    return ByteBuffer.wrap(note, 16, 8).getLong();
  }

  static byte[] note(byte[] value) {
    return ByteBuffer.allocate(24).put(value, BODY, 16).putLong(timeOf(value)).array();
  }
}
