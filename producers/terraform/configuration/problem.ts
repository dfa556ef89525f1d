// Why a part of a configuration cannot be read, in words for people: the place and what is wrong there, never what stands
// there, which may be a secret.
export class ConfigurationProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationProblem';
  }
}
