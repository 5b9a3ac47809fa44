import { contains, parseCidr } from '../components/network/addresses';
import { Problems } from '../components/rendering/problems';

/** RFC 5737: for examples only, and nobody's on the internet. */
const documentation = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'].flatMap(
  (range) => parseCidr(range) ?? [],
);

/**
 * Refuses addresses of documentation, such as those that the stack files come with: on AWS everything would be made,
 * and then nobody could reach it. Where something else answers for AWS, as in the lab, its network may be of them.
 */
export function refuseDocumentationRanges(
  configuration: object,
  endpoint: string | undefined = process.env['AWS_ENDPOINT_URL'],
): void {
  if (endpoint !== undefined && !isAws(endpoint)) return;
  const problems = new Problems();
  for (const [path, text] of textsOf(configuration, '')) {
    const cidr = parseCidr(text.includes('/') ? text : `${text}/32`);
    if (cidr === undefined || !documentation.some((range) => contains(range, cidr))) continue;
    problems.add(
      path,
      `is ${text}, of a range that is kept for documentation (RFC 5737); give an address or a range of yours`,
    );
  }
  problems.throwIfAny('Configuration');
}

function isAws(endpoint: string): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname);
}

function textsOf(value: unknown, path: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => textsOf(item, path === '' ? key : `${path}.${key}`));
}
