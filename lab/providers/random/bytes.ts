import { randomBytes as bytes, randomInt, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ResourceKind } from '../kinds';

const keepers = z.record(z.string(), z.string()).optional();

const idInputs = z.strictObject({
  byteLength: z.number().int().min(1),
  prefix: z.string().default(''),
  keepers,
});

/** RandomId. */
export const randomId: ResourceKind<z.infer<typeof idInputs>> = {
  inputs: idInputs,
  replacedBy: 'every input',
  computed: ['b64Std', 'b64Url', 'dec', 'hex'],
  create: ({ byteLength, prefix }) => {
    const value = bytes(byteLength);
    const hex = value.toString('hex');
    const outputs = {
      b64Std: prefix + value.toString('base64'),
      b64Url: prefix + value.toString('base64url'),
      dec: prefix + BigInt(`0x${hex}`).toString(),
      hex: prefix + hex,
    };
    return Promise.resolve({ id: value.toString('base64url'), outputs });
  },
};

const bytesInputs = z.strictObject({ length: z.number().int().min(1), keepers });

/** RandomBytes. */
export const randomBytes: ResourceKind<z.infer<typeof bytesInputs>> = {
  inputs: bytesInputs,
  replacedBy: 'every input',
  computed: ['base64', 'hex'],
  secretOutputs: ['base64', 'hex'],
  create: ({ length }) => {
    const value = bytes(length);
    return Promise.resolve({ outputs: { base64: value.toString('base64'), hex: value.toString('hex') } });
  },
};

const uuidInputs = z.strictObject({ keepers });

/** RandomUuid. */
export const randomUuid: ResourceKind<z.infer<typeof uuidInputs>> = {
  inputs: uuidInputs,
  replacedBy: 'every input',
  computed: ['result'],
  create: () => {
    const result = randomUUID();
    return Promise.resolve({ id: result, outputs: { result } });
  },
};

const integerInputs = z
  .strictObject({ min: z.number().int(), max: z.number().int(), keepers })
  .refine(({ min, max }) => min <= max, { path: ['min'], message: 'is larger than max' });

/** RandomInteger, without `seed`: the number that a seed stands for is a matter of Go's generator. */
export const randomInteger: ResourceKind<z.infer<typeof integerInputs>> = {
  inputs: integerInputs,
  replacedBy: 'every input',
  computed: ['result'],
  create: ({ min, max }) => {
    const result = randomInt(min, max + 1);
    return Promise.resolve({ id: String(result), outputs: { result } });
  },
};
