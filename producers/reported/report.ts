// One reported change, checked at the edge: a CloudEvents 1.0 object in structured mode (docs/feeds-reported.md). Pure; never
// throws on any input. The schema is closed and every text has a limit, so nothing has to be walked beyond what it names.
import type { Static } from 'typebox';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Json } from '../../schemas/index.ts';

/** What its `type` says. */
export const REPORT_TYPE = 'io.driftmgr.change.reported';
const MAX_TARGETS = 100;
/** Attributes of one target that say which one it is. */
const MAX_NAMING = 16;

// No control characters, no lone surrogates: these texts are shown to people and become parts of keys.
const PLAIN = '^[^\\p{C}]+$';
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: PLAIN });
const orNull = (maxLength: number) => Type.Optional(Type.Union([text(maxLength), Type.Null()]));
/** An account, a project, a region: a separator in one would place the object elsewhere. */
const place = Type.Optional(
  Type.Union([Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' }), Type.Null()]),
);

const TargetSchema = Type.Object(
  {
    type: Type.String({ pattern: '^[a-z][a-z0-9_-]{0,127}$' }),
    id: Type.Union([text(1_024), Type.Null()]),
    /** For types whose `id` does not say which object they are: `role` and `name` of an aws_iam_role_policy. */
    attributes: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' }), text(1_024), {
        maxProperties: MAX_NAMING,
        additionalProperties: false,
      }),
    ),
  },
  { additionalProperties: false },
);

const ActorSchema = Type.Object(
  {
    principal: text(1_024),
    name: orNull(256),
    via: Type.Optional(Type.Enum(['console', 'cli', 'sdk', 'terraform', 'pipeline', 'service', 'unknown'])),
    sourceIp: Type.Optional(Type.Union([Type.String({ pattern: '^[0-9A-Fa-f:.]{2,45}$' }), Type.Null()])),
    userAgent: orNull(1_024),
    session: orNull(256),
  },
  { additionalProperties: false },
);

const DataSchema = Type.Object(
  {
    /** Terraform's name of the provider: last part of its source address. */
    provider: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }),
    account: place,
    region: place,
    service: text(256),
    operation: text(256),
    verb: Type.Enum(['create', 'update', 'delete', 'tag', 'unknown']),
    targets: Type.Array(TargetSchema, { minItems: 1, maxItems: MAX_TARGETS }),
    actor: ActorSchema,
    requestId: orNull(256),
  },
  { additionalProperties: false },
);

/** The members of CloudEvents itself; extensions beside them are scalars of a lower-case name, and are not used. */
const ReportSchema = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: text(256),
    source: text(1_024),
    type: Type.Literal(REPORT_TYPE),
    time: Type.String({
      pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$',
    }),
    subject: Type.Optional(text(1_024)),
    datacontenttype: Type.Optional(Type.String({ pattern: '^application/json( *;.{0,64})?$' })),
    dataschema: Type.Optional(text(1_024)),
    data: DataSchema,
  },
  {
    additionalProperties: Type.Union([Type.String({ maxLength: 1_024 }), Type.Integer(), Type.Boolean()]),
    patternProperties: { '^(?![a-z0-9]{1,20}$)': Type.Never() },
    maxProperties: 32,
  },
);

export type ReportedData = Static<typeof DataSchema>;
export type ReportedTarget = Static<typeof TargetSchema>;
export type ReportedActor = Static<typeof ActorSchema>;

export interface Report {
  id: string;
  /** Who reports, as CloudEvents has it: id and source together are unique. */
  from: string;
  /** Milliseconds since the epoch. */
  time: number;
  data: ReportedData;
}

type Checked = { report: Report } | { unreadable: string };

/** Made on first use: only a system that is given reports needs it. */
let check: ReturnType<typeof Compile<typeof ReportSchema>> | null = null;

/** A report out of any JSON value, or the first thing that is wrong with it. Never repeats a value. */
export function checkReport(value: unknown): Checked {
  check ??= Compile(ReportSchema);
  if (!check.Check(value)) {
    const [first] = check.Errors(value);
    return { unreadable: first ? problem(first) : 'it does not fit the format' };
  }
  const time = Date.parse(value.time);
  if (!Number.isFinite(time) || time < 0) return { unreadable: 'time: is not a time after 1970' };
  return { report: { id: value.id, from: value.source, time, data: value.data } };
}

interface Failed {
  instancePath: string;
  keyword: string;
  message: string;
  params: object;
}

function problem({ instancePath, keyword, message, params }: Failed): string {
  const at = instancePath.slice(1).replaceAll('/', '.') || 'the event';
  if (keyword === 'boolean' || keyword === 'not') return `${at}: has no place there`;
  if (keyword === 'const' || keyword === 'enum') {
    const { allowedValue, allowedValues } = params as { allowedValue?: Json; allowedValues?: Json[] };
    return `${at}: must be ${(allowedValues ?? [allowedValue ?? null]).join(', ')}`;
  }
  return `${at}: ${message}`;
}
