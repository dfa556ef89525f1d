// A certificate for one run of one plugin: self-signed, ECDSA P-256, for "localhost". Node can sign, but cannot put a
// certificate together; these are the few fields of RFC 5280 that go-plugin's mutual TLS looks at, in DER.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface OwnCertificate {
  certificate: string;
  key: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;

function tlv(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}

const oid = (...bytes: number[]): Buffer => tlv(0x06, Buffer.of(...bytes));
const bits = (value: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.of(unused), value);
const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
/** Two digits of the year: a form that ends with 2049. */
const time = (at: Date): Buffer =>
  tlv(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
const extension = (id: number, critical: boolean, value: Uint8Array): Buffer =>
  tlv(SEQUENCE, oid(0x55, 0x1d, id), ...(critical ? [tlv(0x01, Buffer.of(0xff))] : []), tlv(0x04, value));

const ECDSA_SHA256 = tlv(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const CLIENT_AUTH = oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02);
const SERVER_AUTH = oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);
const HOST = 'localhost';
const DAY_MS = 86_400_000;
/** Longer than any process; its key never leaves this one. */
const LIVES_DAYS = 3650;

/** `now` in milliseconds since the epoch. */
export function ownCertificate(now: number): OwnCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = tlv(SEQUENCE, tlv(SET, tlv(SEQUENCE, COMMON_NAME, utf8(HOST))));
  const serial = randomBytes(16);
  // A serial number is positive and has no needless zeros in front.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const extensions = tlv(
    SEQUENCE,
    // It signs itself, so it is its own authority.
    extension(0x13, true, tlv(SEQUENCE, tlv(0x01, Buffer.of(0xff)))),
    // digitalSignature and keyCertSign
    extension(0x0f, true, bits(Buffer.of(0x84), 2)),
    extension(0x25, false, tlv(SEQUENCE, CLIENT_AUTH, SERVER_AUTH)),
    extension(0x11, false, tlv(SEQUENCE, tlv(0x82, Buffer.from(HOST)))),
  );
  const body = tlv(
    SEQUENCE,
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, serial),
    ECDSA_SHA256,
    name,
    tlv(SEQUENCE, time(new Date(now - DAY_MS)), time(new Date(now + LIVES_DAYS * DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensions),
  );
  const signed = tlv(SEQUENCE, body, ECDSA_SHA256, bits(sign('sha256', body, privateKey)));
  return {
    certificate: pem(signed),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

export const pem = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};
