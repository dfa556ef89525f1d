// What changes by itself, by design, where nothing is read that a comparison could ignore: told by who did it. Data.

export interface Automation {
  /** What `ignoredBy` shows. */
  rule: string;
  type: string;
  /** The resource beside it that sets it up, and the attribute that names the function which does it (an ARN). */
  setUpBy: { type: string; names: string };
}

export const AUTOMATIONS: readonly Automation[] = [
  {
    rule: 'aws.co-managed.secret-rotation',
    type: 'aws_secretsmanager_secret_version',
    setUpBy: { type: 'aws_secretsmanager_secret_rotation', names: 'rotation_lambda_arn' },
  },
];
