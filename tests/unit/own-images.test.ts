import * as pulumi from '@pulumi/pulumi';
import { afterEach, expect, it } from 'vitest';
import type { Configuration } from '../../infra/configuration';
import { checkImages } from '../../infra/ownImages';
import { refusalBy } from './accountCheck';

const imageId = 'ami-0123456789abcdef0';
const image = {
  architecture: 'arm64',
  rootDeviceName: '/dev/xvda',
  blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volume_size: '20' } }],
};

afterEach(() => pulumi.runtime.disconnect());

async function refusal(known: object | undefined, emqx: object): Promise<string> {
  const call = () =>
    known === undefined ? Promise.reject(new Error('Your query returned no results')) : known;
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
  const given = { ssh: { allowedCidrs: ['203.0.113.0/24'] }, emqx } as Configuration;
  return refusalBy(checkImages, given);
}

it('an image of other processors or with a larger disk is refused before anything is made', async () => {
  expect(await refusal(image, { imageId })).toBe(
    [
      'AWS account: 2 problems in its arguments',
      `  emqx.imageId: is ${imageId} for arm64, and emqx.architecture is amd64; give an image and an architecture that fit`,
      `  emqx.rootVolumeGib: is 8, and emqx.imageId ${imageId} has a root disk of 20 GiB; give at least as much`,
    ].join('\n'),
  );
  expect(await refusal(image, { imageId, architecture: 'arm64', rootVolumeGib: 20 })).toBe('nothing');
});

it('an image that there is not is refused by its argument', async () => {
  expect(await refusal(undefined, { imageId })).toContain(
    `emqx.imageId: is ${imageId}, which this account has not in this region`,
  );
});

it('nothing is asked of EC2 where no image is given', async () => {
  expect(await refusal(undefined, {})).toBe('nothing');
});
