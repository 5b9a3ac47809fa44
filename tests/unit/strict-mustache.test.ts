import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderText } from '../../components/rendering/template';

const renderOf = (template: string, value: string) => () => renderText('t', template, { value });

describe('a template', () => {
  it('prints its values as they are, without HTML escaping', () => {
    expect(renderText('t', 'a {{{value}}} b', { value: `<a href='x'> & "y"` })).toBe(
      `a <a href='x'> & "y" b`,
    );
  });

  it('fails on a tag, section or inverted section that has no value', () => {
    for (const template of ['{{gone}}', '{{{gone}}}', '{{#gone}}x{{/gone}}', '{{^gone}}x{{/gone}}']) {
      expect(() => renderText('t', template, {})).toThrow('template t: {{gone}} has no value');
    }
  });

  it('fails on a value that it does not use, naming its path', () => {
    expect(() => renderText('t', '{{#items}}{{a}}{{/items}}', { items: [{ a: 1, b: 2 }] })).toThrow(
      'template t: the view has items[0].b, which the template does not use',
    );
  });

  it('fails on a section printed as text', () => {
    expect(() => renderText('t', '{{value}}', { value: true })).toThrow('{{value}} is boolean');
  });

  it('says what was given and what is allowed', () => {
    expect(renderOf('port {{value}}', '1 2')).toThrow(
      'template t: {{value}} is "1 2"; allowed: letters, digits and ._:/@,+=*~^- only',
    );
  });
});

describe('a smuggled value', () => {
  const control = fc
    .tuple(
      fc.string(),
      fc.constantFrom('\n', '\r', '\0', '\u0085', '\u2028', '\u2029', '\u001b'),
      fc.string(),
    )
    .map((parts) => parts.join(''));

  it('never brings a second line or a control character, wherever it stands', () => {
    fc.assert(
      fc.property(control, fc.constantFrom('{{value}}', '"{{value}}"', '{{{value}}}'), (value, template) => {
        expect(renderOf(template, value)).toThrow('{{value}} is');
      }),
    );
  });

  it('never leaves its quotes', () => {
    const hostile = fc
      .tuple(fc.string(), fc.constantFrom('"', '\\', '$', '%'), fc.string())
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(hostile, (value) => {
        expect(renderOf('k = "{{value}}"', value)).toThrow('allowed');
      }),
    );
  });

  it('is one word where no quotes are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        let text: string | undefined;
        try {
          text = renderOf('{{value}}', value)();
        } catch {
          return;
        }
        expect(text).toMatch(/^[\w.:/@,+=*~^-]+$/);
      }),
    );
  });

  it('is judged by the quotes before it on its own line only', () => {
    expect(renderText('t', 'say "it"\nname {{value}}', { value: 'a' })).toBe('say "it"\nname a');
    expect(() => renderText('t', 'say "it\nname {{value}}', { value: 'a b' })).toThrow('allowed: letters');
  });
});
