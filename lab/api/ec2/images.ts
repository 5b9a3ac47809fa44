import { images, type Image } from '../images';
import { AwsError } from '../awsError';
import type { XmlObject } from '../xml';
import type { Actions } from './action';
import { matching } from './filters';

/** The public images of Debian and Canonical that the lab knows of, bootable or not. */
export const imageActions: Actions = {
  DescribeImages(_region, parameters) {
    const ids = parameters.list('ImageId');
    const owners = parameters.list('Owner');
    for (const id of ids) {
      if (images.some((image) => image.imageId === id)) continue;
      throw new AwsError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
    }
    const chosen = images
      .filter((image) => ids.length === 0 || ids.includes(image.imageId))
      .filter((image) => owners.length === 0 || owners.includes(image.ownerId));
    const found = matching(chosen, parameters, (image) => (name) => filterValues(image)[name]);
    return { imagesSet: found.map(describeImage) };
  },
};

function filterValues(image: Image): Readonly<Record<string, readonly string[]>> {
  return {
    'image-id': [image.imageId],
    name: [image.name],
    architecture: [image.architecture],
    'owner-id': [image.ownerId],
    state: ['available'],
    'is-public': ['true'],
    'image-type': ['machine'],
    'root-device-type': ['ebs'],
    'virtualization-type': ['hvm'],
  };
}

function describeImage(image: Image): XmlObject {
  return {
    imageId: image.imageId,
    name: image.name,
    architecture: image.architecture,
    imageOwnerId: image.ownerId,
    imageState: 'available',
    isPublic: true,
    imageType: 'machine',
    creationDate: '2025-01-01T00:00:00.000Z',
    rootDeviceName: image.rootDevice,
    rootDeviceType: 'ebs',
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: true,
    blockDeviceMapping: [
      { deviceName: image.rootDevice, ebs: { volumeSize: 8, volumeType: 'gp3', deleteOnTermination: true } },
    ],
    tagSet: [],
  };
}
