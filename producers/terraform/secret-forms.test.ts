import fc from 'fast-check';
import { expect, it } from 'vitest';
import { looksLikeSecret, SECRET_FORMS } from './secret-forms.ts';

const anyForm = new RegExp(SECRET_FORMS.join('|'));
/** Without the edges of words, which the generator does not know. */
const made = SECRET_FORMS.map((form) => fc.stringMatching(new RegExp(`^(?:${form.replaceAll('\\b', '')})$`)));
const around = fc.string({ unit: fc.constantFrom(...'aA1 _-.:/=@?"é\n'), maxLength: 6 });

it.each(SECRET_FORMS.map((form, index) => [form, index] as const))(
  '%s is found (property)',
  (form, index) => {
    fc.assert(
      fc.property(made[index]!, around, around, (secret, before, after) => {
        const text = `${before} ${secret}${after}`;
        fc.pre(text.length >= 12 && new RegExp(form).test(text));
        expect(looksLikeSecret(text), text).toBe(true);
      }),
      { numRuns: 200 },
    );
  },
);

it('says what trying each form says, also of what nearly has one (property)', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...'-----BEGIN |PRIVATE KEY|eyJ|://|gh|p_|github_pat_|glpat-|xox|b-|sk_|live_|hv|s.|dop_v1_|AIza|SG.|npm_|Pwd|sig|earer |AKIA|ASIA|=|@|:|?|&|.'.split(
        '|',
      ),
    ),
    fc.string({ unit: fc.constantFrom(...'aZ09-_.:/ '), maxLength: 24 }),
    fc.oneof(...made).chain((text) => fc.nat(text.length).map((length) => text.slice(0, length))),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      expect(looksLikeSecret(text), text).toBe(text.length >= 12 && anyForm.test(text));
    }),
    { numRuns: 3_000 },
  );
});
