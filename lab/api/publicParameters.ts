import { z } from 'zod';
import type { AwsCall } from './awsCall';
import { accountId } from './ec2/region';
import { images, type Image } from './images';
import type { MotoApi } from './moto';
import { partitionOf } from './partition';

/** AWS's public SSM parameters for images. Undefined for everything else, which moto answers. */
export async function answerPublicParameters(
  call: AwsCall,
  moto: MotoApi,
  region: string,
): Promise<object | undefined> {
  if (call.service !== 'ssm') return undefined;
  const input = inputSchema.safeParse(JSON.parse(call.request.body.toString() || '{}')).data;
  switch (call.action) {
    case 'GetParameter': {
      const image = images.find((each) => each.parameter === input?.Name);
      return image && { Parameter: describe(image, region) };
    }
    case 'GetParameters': {
      const names = input?.Names ?? [];
      const known = images.filter((image) => names.includes(image.parameter));
      if (known.length === 0) return undefined;
      const rest = names.filter((name) => !known.some((image) => image.parameter === name));
      const others = rest.length === 0 ? noParameters : await motoParameters(moto, region, rest);
      const parameters = [...known.map((image) => describe(image, region)), ...others.Parameters];
      return { Parameters: parameters, InvalidParameters: others.InvalidParameters };
    }
    case 'GetParametersByPath': {
      const path = input?.Path ?? '';
      if (!/^\/aws\/service\/(debian|canonical)(\/|$)/.test(path)) return undefined;
      const below = images.filter(({ parameter }) => parameter.startsWith(`${path.replace(/\/$/, '')}/`));
      return { Parameters: below.map((image) => describe(image, region)) };
    }
    default:
      return undefined;
  }
}

const inputSchema = z.object({
  Name: z.string().optional(),
  Names: z.array(z.string()).optional(),
  Path: z.string().optional(),
});

const parametersSchema = z.object({
  Parameters: z.array(z.looseObject({})),
  InvalidParameters: z.array(z.string()),
});

const noParameters: z.infer<typeof parametersSchema> = { Parameters: [], InvalidParameters: [] };

async function motoParameters(
  moto: MotoApi,
  region: string,
  names: readonly string[],
): Promise<z.infer<typeof parametersSchema>> {
  const output = await moto.json('ssm', region, 'AmazonSSM.GetParameters', { Names: names });
  return parametersSchema.parse(output);
}

function describe(image: Image, region: string): object {
  return {
    Name: image.parameter,
    Type: 'String',
    Value: image.imageId,
    Version: 1,
    LastModifiedDate: 1_735_689_600,
    ARN: `arn:${partitionOf(region).name}:ssm:${region}:${image.ownerId === accountId ? accountId : ''}:parameter${image.parameter}`,
    DataType: 'aws:ec2:image',
  };
}
